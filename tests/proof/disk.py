# SPDX-License-Identifier: Apache-2.0
"""A disk that may lose power: what tests/shim/record.c wrote down, played back up to any point.

What was written is durable once its file was synced, what was named once its folder was. Of all else a power failure may
leave anything: nothing, all, sectors of it in any order, sizes without data, names without content.
"""
import hashlib
import os

SECTORS = (512, 4096)


class File:
    def __init__(self, content=b"", mtime_ns=None):
        self.durable = bytearray(content)
        self.pending = []
        self.mtime_ns = mtime_ns  # of one that was there before, until it is changed

    def sync(self):
        for change in self.pending:
            apply(self.durable, change)
        self.pending = []


class Folder:
    def __init__(self):
        self.durable = {}  # name -> number


def merge(names, folder, change):
    for where, name, number in change:
        if where == folder and number is None:
            names.pop(name, None)
        elif where == folder:
            names[name] = number


def apply(content, change):
    at, data = change
    if data is None:  # a new size
        if at < len(content):
            del content[at:]
        else:
            content.extend(bytes(at - len(content)))
        return
    if at > len(content):
        content.extend(bytes(at - len(content)))
    content[at:at + len(data)] = data


class Disk:
    """Objects have numbers of their own: a file system gives an inode's number away again."""

    def __init__(self, root):
        self.objects, self.by_inode, self.inodes = {}, {}, {}
        self.pending = []  # changes of names, each a list of (folder, name, number or None) that comes as one
        self.root = self.take(root)

    def add(self, inode, made):
        number = len(self.objects) + 1
        self.objects[number] = made
        self.by_inode[inode] = number
        self.inodes[number] = inode
        return number

    def take(self, path):
        """What is there at the beginning is durable."""
        about = os.lstat(path)
        if not os.path.isdir(path):
            with open(path, "rb") as file:
                return self.add(about.st_ino, File(file.read(), about.st_mtime_ns))
        folder = Folder()
        number = self.add(about.st_ino, folder)
        for name in os.listdir(path):
            folder.durable[name] = self.take(os.path.join(path, name))
        return number

    def of(self, inode, kind):
        found = self.objects.get(self.by_inode.get(inode))
        return found if isinstance(found, kind) else None

    def change_names(self, *changes):
        """(inode of a folder, name, number or None) …"""
        change = [(self.by_inode[inode], name, number) for inode, name, number in changes if self.of(inode, Folder)]
        if change:
            self.pending.append(change)

    def now(self, number):
        names = dict(self.objects[number].durable)
        for change in self.pending:
            merge(names, number, change)
        return names

    def lookup(self, inode, name):
        return self.now(self.by_inode[inode]).get(name) if self.of(inode, Folder) else None

    def sync_names(self, number):
        """Of one folder, or (None) of all: a change of two folders is durable once one of them is."""
        left = []
        for change in self.pending:
            if number is not None and all(folder != number for folder, _, _ in change):
                left.append(change)
                continue
            for folder in {folder for folder, _, _ in change}:
                merge(self.objects[folder].durable, folder, change)
        self.pending = left

    def play(self, entry):
        """True: an image behind it may differ from one before."""
        kind, a, b, name, data = entry
        if kind in ("write", "truncate"):
            file = self.of(a, File)
            if file:
                file.mtime_ns = None
                file.pending.append((b, data if kind == "write" else None))
        elif kind in ("fsync", "fsync-folder"):
            found = self.of(a, (File, Folder))
            if isinstance(found, File):
                found.sync()
            elif found:
                self.sync_names(self.by_inode[a])
        elif kind == "syncfs":
            for found in self.objects.values():
                if isinstance(found, File):
                    found.sync()
            self.sync_names(None)
        elif kind == "create":
            self.change_names((a, name, self.add(b, File())))
        elif kind == "nameless":
            self.add(a, File())
        elif kind == "mkdir":
            self.change_names((a, name, self.add(b, Folder())))
        elif kind == "link":
            self.change_names((a, name, self.by_inode.get(b)))
        elif kind == "unlink":
            self.change_names((a, name, None))
        elif kind == "rename":
            self.change_names((a, name, None), (b, data.decode(), self.lookup(a, name)))
        elif kind == "exchange":
            self.change_names((a, name, self.lookup(b, data.decode())), (b, data.decode(), self.lookup(a, name)))
        else:
            raise ValueError(f"the log has {kind}")


def read_log(path):
    with open(path, "rb") as file:
        content = file.read()
    at, entries = 0, []
    while at < len(content):
        end = content.index(b"\n", at)
        words = content[at:end].decode().split(" ")
        kind, a, b, size = words[0], int(words[1]), int(words[2]), int(words[-1])
        entries.append((kind, a, b, " ".join(words[3:-1]), content[end + 1:end + 1 + size]))
        at = end + 1 + size + 1
    return entries


# ---- what a power failure leaves ----

def sectors_of(change, size):
    at, data = change
    if data is None:
        return [change]
    pieces, begin = [], 0
    while begin < len(data):
        end = min(len(data), (at + begin) // size * size + size - at)
        pieces.append((at + begin, data[begin:end]))
        begin = end
    return pieces


def torn(file, draw):
    """Some of what is pending."""
    content = bytearray(file.durable)
    how = draw.random()
    if how < 0.2 or not file.pending:
        return content
    pieces = [piece for change in file.pending for piece in sectors_of(change, draw.choice(SECTORS))]
    if how < 0.45:  # a beginning
        pieces = pieces[:draw.randint(0, len(pieces))]
    elif how < 0.6:  # an end
        pieces = pieces[draw.randint(0, len(pieces)):]
    elif how < 0.9:
        share = draw.choice((0.1, 0.5, 0.9))
        pieces = [piece for piece in pieces if draw.random() < share]
    for piece in pieces:
        apply(content, piece)
    full = bytearray(file.durable)
    for change in file.pending:
        apply(full, change)
    if len(full) > len(content) and draw.random() < 0.3:  # the size came, the data did not
        content.extend(bytes(len(full) - len(content)))
    return content


def some_changes(changes, draw):
    how = draw.random()
    if how < 0.2:
        return []
    if how < 0.55:
        return changes[:draw.randint(0, len(changes))]
    if how < 0.85:
        return [change for change in changes if draw.random() < 0.5]
    return changes


def whole(file):
    content = bytearray(file.durable)
    for change in file.pending:
        apply(content, change)
    return content


def leave(disk, way, draw):
    """The tree that is left, as {path: (number, content or None)}. way: all, none, data, names or random."""
    tree = {}
    changes = disk.pending if way in ("all", "names") else [] if way in ("none", "data") else some_changes(disk.pending, draw)

    def visit(number, path):
        found = disk.objects[number]
        if isinstance(found, File):
            if way in ("all", "data"):
                content = whole(found)
            elif way in ("none", "names"):
                content = found.durable
            else:
                content = torn(found, draw)
            tree[path] = (number, bytes(content))
            return
        if path:
            tree[path] = (number, None)
        names = dict(found.durable)
        for change in changes:
            merge(names, number, change)
        for name in sorted(names):
            if not name.endswith("-shm") and names[name] is not None:  # shared memory is made anew
                visit(names[name], f"{path}/{name}" if path else name)

    visit(disk.root, "")
    return tree


def digest(tree):
    total = hashlib.sha256()
    for path in sorted(tree):
        number, content = tree[path]
        total.update(f"{path} {number} {-1 if content is None else len(content)}\n".encode())
        total.update(content or b"")
    return total.digest()


def make(tree, disk, folder, device):
    """Makes the files; answers the table for QETL_INODES."""
    table = [str(device)]
    os.makedirs(folder)
    table.append(f"{os.stat(folder).st_ino} {disk.inodes[disk.root]}")
    for path in sorted(tree):
        number, content = tree[path]
        target = os.path.join(folder, path)
        if content is None:
            os.mkdir(target, 0o700)
        else:
            fd = os.open(target, os.O_WRONLY | os.O_CREAT, 0o600)
            os.write(fd, content)
            os.close(fd)
            mtime_ns = disk.objects[number].mtime_ns
            if mtime_ns is not None:
                os.utime(target, ns=(mtime_ns, mtime_ns))
        table.append(f"{os.lstat(target).st_ino} {disk.inodes[number]}")
    return "\n".join(table) + "\n"
