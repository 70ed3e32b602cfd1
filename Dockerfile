# SPDX-License-Identifier: Apache-2.0
#
# docker build -t qetl . (docs/debian.md)

FROM debian:12 AS build
WORKDIR /qetl
COPY .ci/packages.sh .ci/
RUN ["bash", "-euc", ". .ci/packages.sh && packages_need \"${packages_build[@]}\" debhelper lintian"]
COPY . .
RUN ["bash", "-euc", "autoreconf -i && mkdir image && cd image && ../configure --quiet && DEB_BUILD_OPTIONS='nocheck noautodbgsym' make deb"]

FROM debian:12-slim
COPY --from=build /qetl/image/build-deb/*.deb /packages/
RUN addgroup --system --gid 900 qetl && \
    adduser --system --uid 900 --gid 900 --home /var/lib/qetl --no-create-home qetl && \
    apt-get update && \
    apt-get install -y --no-install-recommends ca-certificates /packages/qetl_*.deb /packages/qetl-plugin-*.deb && \
    rm -r /packages /var/lib/apt/lists/* && \
    install -d -o 900 -g 900 /var/lib/qetl /work
# A number, so that whoever starts it can see that it is not root.
USER 900:900
WORKDIR /work
ENTRYPOINT ["qetl"]
CMD ["--help"]
