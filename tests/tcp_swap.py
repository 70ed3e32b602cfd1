# SPDX-License-Identifier: Apache-2.0
"""A way to a server on 127.0.0.1 on which a text of the client's becomes another of the same length: usage: tcp_swap.py PORT FROM TO FILE. FROM: a regular
expression. Its own port stands in FILE."""
import re
import sys

import tcp_way

target, place = int(sys.argv[1]), sys.argv[4]
before, after = re.compile(sys.argv[2].encode(), re.DOTALL), sys.argv[3].encode()
tcp_way.listen(place, lambda client: tcp_way.lead(client, target, lambda data: before.sub(after, data), lambda data: data))
