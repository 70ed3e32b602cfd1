#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Packages as nobody should make them, each with the refusal that it has to meet.

usage: packages.py LIBRARY.so SECRET.qsecret FOLDER

Writes NAME.qpkg into FOLDER, and into FOLDER/refusals a line "NAME CODE TEXT": the finding that qetl
has to answer, and what it has to say. All are signed by the secret unless the signature is their
point. The archive is made by tarfile and zstd, the signature by ed25519.py: nothing that qetl uses has
a part in it.
"""

import base64
import copy
import hashlib
import io
import json
import os
import random
import struct
import subprocess
import sys
import tarfile

import ed25519

MIB = 1 << 20


def zstd(raw, *options):
    return subprocess.run(
        ["zstd", "-q", "-c", "-3", "--check", *options], input=raw, stdout=subprocess.PIPE, check=True
    ).stdout


def member(name, data=b"", **changes):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.mode = 0o644
    for key, value in changes.items():
        setattr(info, key, value)
    return info, data


def tar(members, form=tarfile.USTAR_FORMAT, pax=None, end=1024):
    out = io.BytesIO()
    for info, data in members:
        out.write(info.tobuf(form, "utf-8", "surrogateescape") if not pax or info.name not in pax else pax[info.name])
        out.write(data + b"\0" * (-len(data) % 512))
    out.write(b"\0" * end)
    return out.getvalue()


class Package:
    """A good package, and what tests change of it."""

    def __init__(self, library, secret):
        self.secret = secret
        with open(library, "rb") as file:
            self.library = file.read()
        with open(library[:-3] + ".qetl.json", "rb") as file:
            self.manifest = file.read()
        stem = os.path.basename(library)[:-3]
        facts = json.loads(self.manifest)
        self.files = {stem + ".qetl.json": self.manifest, stem + ".so": self.library, "doc/README": b"read me\n"}
        self.contents = {
            "type": "qetl-package/1",
            "name": facts["id"],
            "version": facts["version"],
            "platform": f"linux-{os.uname().machine}-glibc",
            "libc": "",
            "abi": facts["abi"],
            "library": stem + ".so",
        }

    def listing(self, files=None):
        files = self.files if files is None else files
        names = sorted(files)
        return {
            **self.contents,
            "files": [
                {"path": n, "size": len(files[n]), "sha256": hashlib.sha256(files[n]).hexdigest()} for n in names
            ],
        }

    @staticmethod
    def text(listing):
        return (json.dumps(listing, indent=1) + "\n").encode()

    def signature(self, text, secret=None):
        key = secret or self.secret
        return (
            json.dumps(
                {
                    "type": "qetl-signature/1",
                    "key": base64.b64encode(key.public).decode(),
                    "signature": base64.b64encode(key.sign(text)).decode(),
                },
                indent=1,
            )
            + "\n"
        ).encode()

    def members(self, text=None, signature=None, files=None):
        text = text or self.text(self.listing(files))
        signature = self.signature(text) if signature is None else signature
        files = self.files if files is None else files
        return (
            [member("CONTENTS", text)]
            + ([member("SIGNATURE", signature)] if signature else [])
            + [member(name, files[name]) for name in sorted(files)]
        )


def glibc_of(library):
    """The newest GLIBC_x.y that a library asks for, by binutils."""
    text = subprocess.run(["objdump", "-p", library], stdout=subprocess.PIPE, check=True, text=True).stdout
    versions = [w[6:] for w in text.split() if w.startswith("GLIBC_") and w[6].isdigit()]
    pairs = sorted(tuple(int(x) for x in v.split(".")[:2]) for v in versions)
    return ".".join(map(str, pairs[-1])) if pairs else ""


def retagged(library, tag):
    """The library with a RUNPATH, say: where a count of relocations was, which the loader may do without."""
    body = bytearray(library)
    count = 0x6FFFFFF9
    phoff, phentsize, phnum = struct.unpack_from("<Q", body, 32)[0], *struct.unpack_from("<HH", body, 54)
    for i in range(phnum):
        kind, _, offset, _, _, size = struct.unpack_from("<IIQQQQ", body, phoff + i * phentsize)
        for at in range(offset, offset + size, 16) if kind == 2 else ():
            if struct.unpack_from("<Q", body, at)[0] == count:
                struct.pack_into("<QQ", body, at, tag, 1)
                return bytes(body)
    raise SystemExit("no tag to exchange")


def with_headers(library, more):
    """The library with more program headers, behind its end, where all of them stand from now on."""
    body = bytearray(library) + bytes(-len(library) % 8)
    phoff, phentsize, phnum = struct.unpack_from("<Q", body, 32)[0], *struct.unpack_from("<HH", body, 54)
    struct.pack_into("<Q", body, 32, len(body))
    struct.pack_into("<H", body, 56, phnum + len(more))
    return bytes(body) + library[phoff:phoff + phnum * phentsize] + b"".join(struct.pack("<IIQQQQQQ", *one) for one in more)


def headers_of(library):
    phoff, phentsize, phnum = struct.unpack_from("<Q", library, 32)[0], *struct.unpack_from("<HH", library, 54)
    return [struct.unpack_from("<IIQQQQQQ", library, phoff + i * phentsize) for i in range(phnum)]


def with_header(library, kind, nth=0, **changes):
    """The library with other fields of its nth program header of that kind."""
    body = bytearray(library)
    at = [i for i, one in enumerate(headers_of(library)) if one[0] == kind][nth]
    fields = dict(zip(("type", "flags", "offset", "vaddr", "paddr", "filesz", "memsz", "align"), headers_of(library)[at]))
    fields.update({name: value(fields[name]) if callable(value) else value for name, value in changes.items()})
    struct.pack_into("<IIQQQQQQ", body, struct.unpack_from("<Q", body, 32)[0] + at * 56, *fields.values())
    return bytes(body)


def dynamic_at(library, tag):
    _, _, offset, _, _, size, _, _ = next(one for one in headers_of(library) if one[0] == 2)
    return next(at for at in range(offset, offset + size, 16) if struct.unpack_from("<Q", library, at)[0] == tag)


def last_name(library):
    """Where the last name begins of all that the dynamic section points to."""
    _, _, offset, _, _, size, _, _ = next(one for one in headers_of(library) if one[0] == 2)
    entries = [struct.unpack_from("<QQ", library, at) for at in range(offset, offset + size, 16)]
    return max(value for tag, value in entries if tag in (1, 14))


def with_dynamic(library, tag, value, other=None):
    """The library with that value in the first entry of that tag of its dynamic section, or with another tag there."""
    body = bytearray(library)
    struct.pack_into("<QQ", body, dynamic_at(library, tag), other or tag, value)
    return bytes(body)


def covered(library, clean):
    """A library over whose dynamic section, where the loader maps it, lies another page; for whoever reads the file it is clean."""
    page = 4096
    _, _, offset, vaddr, _, _, _, _ = next(one for one in headers_of(library) if one[0] == 2)
    body = bytearray(library) + bytes(-len(library) % page)
    first, last = vaddr // page * page, (vaddr + 4095 + 1024) // page * page
    loads = [one for one in headers_of(library) if one[0] == 1]
    own = next(one for one in loads if one[3] <= vaddr < one[3] + one[5])
    at = len(body)
    begin = first - own[3] + own[2]
    body += body[begin:begin + last - first]
    body += bytes(-len(body) % page)
    _, _, clean_offset, _, _, size, _, _ = next(one for one in headers_of(clean) if one[0] == 2)
    body[offset:offset + size] = clean[clean_offset:clean_offset + size]
    more = with_headers(bytes(body), [(1, 6, at, first, first, last - first, last - first, page)])
    return more


class Series:
    def __init__(self, folder):
        self.folder = folder
        self.lines = []

    def add(self, name, code, text, packed):
        with open(f"{self.folder}/{name}.qpkg", "wb") as file:
            file.write(packed)
        self.lines.append(f"{name} {code} {text}\n")

    def entries(self, name, code, text, members, **how):
        self.add(name, code, text, zstd(tar(members, **how)))


def strange_entries(series, package):
    """Entries that no package has, behind all the good ones."""
    good = package.members()
    for name, text, entry in [
        ("symlink", "symbolic link", member("link", type=tarfile.SYMTYPE, linkname="/etc/passwd")),
        ("hardlink", "hard link", member("hard", type=tarfile.LNKTYPE, linkname="CONTENTS")),
        ("folder", "folder", member("folder", type=tarfile.DIRTYPE)),
        ("character-device", "device", member("null", type=tarfile.CHRTYPE, devmajor=1, devminor=3)),
        ("block-device", "device", member("disk", type=tarfile.BLKTYPE, devmajor=8)),
        ("fifo", "FIFO", member("pipe", type=tarfile.FIFOTYPE)),
        ("setuid", "setuid", member("suid", b"x", mode=0o4644)),
        ("setgid", "setuid", member("sgid", b"x", mode=0o2644)),
        ("executable", "permissions", member("run", b"x", mode=0o755)),
        ("owner", "belongs", member("owned", b"x", uid=1000)),
        ("owner-name", "belongs", member("owned", b"x", uname="root")),
        ("time", "time", member("late", b"x", mtime=1)),
        ("absolute", "absolute", member("/etc/passwd", b"x")),
        ("dot-dot", "leads out", member("doc/../../x", b"x")),
        ("dot-dot-first", "leads out", member("../x", b"x")),
        ("dot", "begins", member("./x", b"x")),
        ("hidden", "begins", member(".bashrc", b"x")),
        ("slashes", "slashes", member("doc//x", b"x")),
        ("backslash", "characters", member("doc\\x", b"x")),
        ("newline", "characters", member("a\nb", b"x")),
        ("letter", "characters", member("stra\u00dfe", b"x")),
        ("long-name", "100 bytes", member("d/" * 60 + "x", b"x")),
    ]:
        series.entries(name, "package_entry", text, good + [entry])
    long = member("d" * 150, b"x")
    series.entries("gnu", "package_entry", "ustar", good, form=tarfile.GNU_FORMAT)
    series.add("gnu-long-name", "package_entry", "100 bytes", zstd(tar(good, end=0) + tar([long], form=tarfile.GNU_FORMAT)))
    # A pax header that calls a harmless entry by another name, or gives it another size.
    for name, header in [("pax-path", {"path": "../x"}), ("pax-size", {"size": "2048"}), ("pax-comment", {"comment": "x"})]:
        info = tarfile.TarInfo("harmless")
        info.size, info.mode = 1, 0o644
        raw = info.create_pax_header(info.get_info(), "utf-8")
        extended = info._create_pax_generic_header(header, tarfile.XHDTYPE, "utf-8") + raw
        series.entries(name, "package_entry|package_damaged", ".", good + [(info, b"x")], pax={"harmless": extended})
    info = tarfile.TarInfo("doc/README")
    everywhere = info._create_pax_generic_header({"comment": "x"}, tarfile.XGLTYPE, "utf-8")
    raw = tar(good)
    series.add("pax-global", "package_entry", "ustar", zstd(everywhere + raw))


def other_files(series, package):
    """Other entries than the list names."""
    good = package.members()
    series.entries("extra", "package_extra", "does not name", good + [member("more", b"x")])
    series.entries("missing", "package_missing", "doc/README", [m for m in good if m[0].name != "doc/README"])
    series.entries("missing-last", "package_missing", "touch.so", good[:-1])
    series.entries("twice", "package_extra", "twice", good + [good[-1]])
    series.entries("contents-twice", "package_extra", "CONTENTS", good + [good[0]])
    series.entries("signature-twice", "package_extra", "SIGNATURE", good[:2] + good[1:])
    series.entries("case", "package_extra", "upper and lower case", good + [member("DOC/readme", b"x")])
    series.entries("order", "package_missing", "not in its place", good[:2] + good[2:][::-1])
    series.entries("contents-late", "package_contents", "does not begin", good[1:] + good[:1])
    changed = bytearray(package.library)
    changed[len(changed) // 2] ^= 1
    files = {**package.files, "touch.so": bytes(changed)}
    series.entries("changed", "package_changed", "touch.so", good[:2] + package.members(files=files)[2:])
    files = {**package.files, "doc/README": b"read me"}
    series.entries("shorter", "package_changed", "doc/README", good[:2] + package.members(files=files)[2:])


def other_lists(series, package):
    """Lists that are signed, and yet wrong."""

    def listed(name, code, text, change, files=None):
        listing = package.listing(files)
        answer = change(listing)
        body = answer if isinstance(answer, bytes) else package.text(listing)
        series.entries(name, code, text, package.members(text=body, files=files))

    def put(key, value):
        return lambda listing: listing.update({key: value})

    listed("list-duplicate", "package_entry", "twice", lambda l: l["files"].insert(1, copy.deepcopy(l["files"][0])))
    listed("list-unsorted", "package_entry", "order", lambda l: l["files"].reverse())
    listed("list-unknown-key", "package_contents", "not as", put("scripts", {"install": "sh"}))
    listed("list-spaces", "package_contents", "not as", lambda l: json.dumps(l).encode())
    listed("list-double-key", "package_contents", "not as", lambda l: package.text(l).replace(b'{\n "type"', b'{\n "type": "qetl-package/1",\n "type"', 1))
    listed("list-later", "package_format", "qetl-package/2", put("type", "qetl-package/2"))
    listed("list-name", "package_contents", "name", put("name", "../touch"))
    listed("list-version", "package_contents", "version", put("version", "1"))
    listed("list-version-path", "package_contents", "version", put("version", "1.0.0-../../x"))
    listed("list-platform", "package_contents", "platform", put("platform", "linux/x86"))
    listed("list-library", "package_contents", "library", put("library", "doc/README"))
    listed("list-no-manifest", "package_contents", "manifest", lambda l: None, files={k: v for k, v in package.files.items() if not k.endswith(".json")})
    listed("list-upper-hash", "package_contents", "not as", lambda l: l["files"][0].update(sha256=l["files"][0]["sha256"].upper().replace("0", "A")))
    for name, text, path in [
        ("list-dot-dot", "leads out", "doc/../../x"),
        ("list-absolute", "absolute", "/x"),
        ("list-reserved", "its own", "Contents"),
        ("list-case", "upper and lower case", "DOC/README"),
        ("list-case-folder", "upper and lower case", "Doc/other"),
        ("list-file-as-folder", "folder that is a file", "touch.so/x"),
        ("list-nul", "not as", "a\0b"),
    ]:
        code = "package_contents" if name == "list-nul" else "package_entry"
        listed(name, code, text, lambda l: None, files={**package.files, path: b"x"})
    many = {f"f{i:05}": b"" for i in range(10001)}
    listed("count-bomb", "package_contents", "not as", lambda l: None, files={**package.files, **many})
    listed("mismatch-version", "package_mismatch", "list of files says", put("version", "9.0.0"))
    listed("mismatch-name", "package_mismatch", "list of files says", put("name", "csv"))
    listed("mismatch-abi", "package_mismatch", "list of files says", put("abi", {"min": "1.0", "max": "1.7"}))
    listed("mismatch-libc", "package_mismatch", "libc", put("libc", "2.0"))
    listed("platform", "package_platform", "this machine is", put("platform", "linux-pdp11-glibc"))
    listed("libc", "package_libc", "needs libc 2.999", put("libc", "2.999"))
    listed("abi", "abi_mismatch", "needs ABI 2.0", put("abi", {"min": "2.0", "max": "2.0"}))
    other = {**package.files, "touch.qetl.json": package.manifest.replace(b'"summary"', b'"Summary"', 1)}
    listed("mismatch-manifest", "package_mismatch", "built with", lambda l: None, files=other)
    listed("library-text", "package_library", "no shared library", lambda l: None, files={**package.files, "touch.so": b"#!/bin/sh\n"})
    listed("library-search-path", "package_library", "RPATH or RUNPATH", lambda l: None, files={**package.files, "touch.so": retagged(package.library, 29)})
    for name, tag in (("filter", 0x7FFFFFFF), ("auxiliary", 0x7FFFFFFD)):
        listed(f"library-{name}", "package_library", "in its place", lambda l: None, files={**package.files, "touch.so": retagged(package.library, tag)})
    size, note = len(package.library), 4
    draw = random.Random(1)  # that they cannot be packed as a bomb
    many = with_headers(package.library, [(note, 4, 64, draw.getrandbits(64), draw.getrandbits(64), size - 64, size - 64, 4) for _ in range(65000)])
    listed("library-many-headers", "package_library", "more headers", lambda l: None, files={**package.files, "touch.so": many})
    overlapping = with_headers(package.library, [(note, 4, 64, 64, 64, size - 64, size - 64, 4)] * 40)
    listed("library-notes", "package_library", "notes that overlap", lambda l: None, files={**package.files, "touch.so": overlapping})
    strange_layouts(package, listed)
    elsewhere = package.library.replace(b"\0libc.so.6\0", b"\0/ibc.so.6\0")
    listed("library-needs-path", "package_library", "by a path", lambda l: None, files={**package.files, "touch.so": elsewhere})
    origin = package.library.replace(b"\0libc.so.6\0", b"\0$ORIGIN.6\0")
    listed("library-needs-origin", "package_library", "by a path", lambda l: None, files={**package.files, "touch.so": origin})
    machine = bytearray(package.library)
    struct.pack_into("<H", machine, 18, 183 if os.uname().machine == "x86_64" else 62)
    listed("library-machine", "package_mismatch", "its library is for", lambda l: None, files={**package.files, "touch.so": bytes(machine)})


def strange_layouts(package, listed):
    """Libraries that are not to the loader what they are to whoever reads the file: as a rule with a RUNPATH that only the loader sees."""
    load, dynamic, needed, strtab, strsz = 1, 2, 1, 5, 10
    own, good = retagged(package.library, 29), package.library
    twice = with_headers(own, [one for one in headers_of(own) if one[0] == dynamic])
    at = struct.unpack_from("<Q", good, 32)[0]
    for name, text, body in [
        ("two-dynamics", "more than one dynamic", with_header(twice, dynamic, 0, offset=0, vaddr=0)),
        ("no-dynamic", "no dynamic section", with_header(good, dynamic, type=4, filesz=0, memsz=0)),
        ("short-dynamic", "dynamic section that does not lie", with_header(own, dynamic, filesz=32)),
        ("shorter-dynamic", "without an end", with_header(own, dynamic, filesz=32, memsz=32)),
        ("dynamic-elsewhere", "dynamic section that does not lie", with_header(own, dynamic, offset=at)),
        ("dynamic-nowhere", "dynamic section that does not lie", with_header(own, dynamic, vaddr=1 << 40, offset=1 << 40)),
        ("covered-dynamic", "segments that overlap", covered(own, good)),
        ("segments-disorder", "not in their order", with_header(good, load, vaddr=1 << 30)),
        ("segment-wraps", "segment that does not lie", with_header(good, load, 1, memsz=(1 << 64) - 1)),
        ("segment-behind-end", "segment that does not lie", with_header(good, load, -1, filesz=1 << 30, memsz=1 << 30)),
        ("segment-askew", "segment that does not lie", with_header(good, load, 1, vaddr=lambda v: v + 8)),
        ("headers-outside", "headers that lie outside", good[:32] + struct.pack("<Q", len(good) - 100) + good[40:]),
        ("headers-wide", "headers that lie outside", good[:54] + struct.pack("<H", 64) + good[56:]),
        ("names-nowhere", "names that do not lie", with_dynamic(good, strtab, 1 << 40)),
        ("names-long", "names that do not lie", with_dynamic(good, strsz, 1 << 40)),
        ("names-missing", "names that do not lie", with_dynamic(good, strsz, 0, 0x6FFFFFF8)),
        ("names-twice", "names that do not lie", retagged(good, strtab)),
        ("name-outside", "outside of its names", with_dynamic(good, needed, 1 << 20)),
        ("runs-stack", "code run on stacks", with_header(good, 0x6474E551, flags=7)),
        ("no-stack", "code run on stacks", with_header(good, 0x6474E551, type=0)),
        ("name-cut", "outside of its names", with_dynamic(good, strsz, last_name(good) + 3)),
    ]:
        listed(f"library-{name}", "package_library", text, lambda l: None, files={**package.files, "touch.so": body})


def other_bytes(series, package):
    """What is wrong before any entry is."""
    raw = tar(package.members())
    packed = zstd(raw)
    series.add("empty", "package_damaged", "no package", b"")
    series.add("text", "package_damaged", "no package", b"PK\x03\x04 what is this")
    series.add("cut", "package_damaged", "end is missing", packed[:-5])
    series.add("behind", "package_extra", "behind its end", packed + b"x")
    series.add("two-frames", "package_extra", "behind its end", packed + zstd(tar([member("more", b"x")])))
    series.add("skippable", "package_damaged", "no package", struct.pack("<II", 0x184D2A50, 4) + b"evil" + packed)
    series.add("skippable-behind", "package_extra", "behind its end", packed + struct.pack("<II", 0x184D2A50, 4) + b"evil")
    series.add("no-checksum", "package_damaged", "no package", zstd(raw, "--no-check"))
    series.add("hidden-behind", "package_extra", "more, or less", zstd(raw + tar([member("more", b"x")])))
    series.add("padded", "package_extra", "more, or less", zstd(raw + b"\0" * 8192))
    series.add("no-end", "package_extra|package_damaged", ".", zstd(raw[:-1024]))
    series.add("cut-inside", "package_damaged", ".", zstd(raw[: len(raw) // 2]))
    series.add("cpio", "package_damaged", "no archive", zstd(b"070701" + b"0" * 104))
    # A hundred times its size, before the list is even looked at; and behind it.
    series.entries("ratio-bomb", "package_bomb", "hundred times", [member("CONTENTS", b" " * 3 * MIB)])
    series.entries("contents-bomb", "package_bomb", "4096 KiB", [member("CONTENTS", os.urandom(5 * MIB))])
    big = {**package.files, "zeros": bytes(300 * MIB)}
    series.entries("ratio-bomb-file", "package_bomb", "hundred times", package.members(files=big))
    huge = package.listing()
    huge["files"][0]["size"] = 600 * MIB
    series.entries("size-bomb", "package_contents", "not as", package.members(text=package.text(huge)))
    wide = member("zeros")
    wide[0].size = 600 * MIB
    series.entries("size-bomb-entry", "package_entry", "512 MiB", package.members() + [wide])


def other_signatures(series, package):
    text = package.text(package.listing())
    stranger = ed25519.Key(os.urandom(32))
    forged = json.loads(package.signature(text))
    forged["signature"] = json.loads(package.signature(b"another list\n"))["signature"]
    claimed = json.loads(package.signature(text, stranger))
    claimed["key"] = json.loads(package.signature(text))["key"]
    as_text = lambda s: (json.dumps(s, indent=1) + "\n").encode()
    for name, code, said, signature in [
        ("stranger", "untrusted_key", "not trusted", package.signature(text, stranger)),
        ("other-list", "package_signature", "another list", as_text(forged)),
        ("claimed-key", "package_signature", "another list", as_text(claimed)),
        ("no-signature-type", "package_signature", "not as", as_text({**forged, "type": "qetl-index/1"})),
        ("signature-spaces", "package_signature", "not as", package.signature(text).replace(b"\n ", b"\n  ")),
        ("signature-more", "package_signature", "not as", as_text({**json.loads(package.signature(text)), "note": ""})),
        ("signature-empty", "package_signature", "not as", b"{}\n"),
        ("signature-bomb", "package_bomb", "larger than 4 KiB", b" " * 5000),
        ("unsigned", "unsigned_package", "nobody signed", b""),
    ]:
        series.entries(name, code, said, package.members(signature=signature))
    # A key of low order, for which the zero signature would hold over anything.
    low = base64.b64encode(b"\1" + bytes(31)).decode()
    zero = base64.b64encode(b"\1" + bytes(63)).decode()
    weak = as_text({"type": "qetl-signature/1", "key": low, "signature": zero})
    series.entries("low-order-key", "package_signature", "another list", package.members(signature=weak))
    listing = package.listing()
    listing["version"] = "9.9.9"
    good = package.members()
    series.entries("list-replaced", "package_signature", "another list", [member("CONTENTS", package.text(listing))] + good[1:])


def main():
    library, secret, folder = sys.argv[1:]
    with open(secret, encoding="utf-8") as file:
        seed = base64.b64decode(json.load(file)["seed"])
    package = Package(library, ed25519.Key(seed))
    package.contents["libc"] = glibc_of(library)
    os.makedirs(folder, exist_ok=True)
    series = Series(folder)
    series.entries("good", "-", "-", package.members())
    strange_entries(series, package)
    other_files(series, package)
    other_lists(series, package)
    other_bytes(series, package)
    other_signatures(series, package)
    with open(f"{folder}/refusals", "w", encoding="utf-8") as file:
        file.writelines(series.lines[1:])


if __name__ == "__main__":
    main()
