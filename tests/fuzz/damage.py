"""Random damage: to bytes, to plain data, to matrices, to design folders."""

import copy
import json
import os
import shutil

import numpy as np

HUGE_NESTING = 3000
VALUES = (
    *(None, True, False, 0, 1, -1, 2, 3, 7, 63, 64, 100, 2**31, 2**63 - 1, 2**63, -(2**63), 2**200),
    *(0.0, 0.5, -1.5, 1e308, float("nan"), float("inf"), -float("inf")),
    *("", "x", "input", "module", "../x", "a b", "\0", "\ud800", "ä" * 300, "dense", "threshold"),
)


def damaged_bytes(rng, content):
    """Bytes flipped, cut, doubled, zeroed, put in; or all of them gone."""
    found = bytearray(content)
    for _ in range(int(rng.integers(1, 4))):
        start = int(rng.integers(0, len(found) + 1))
        end = min(len(found), start + int(rng.choice((1, 2, 8, 64))))
        match rng.integers(0, 7):
            case 0 | 1 if start < len(found):
                found[start] ^= 1 << int(rng.integers(0, 8))
            case 2:
                del found[start:]
            case 3:
                del found[start:end]
            case 4:
                found[start:start] = found[start:end]
            case 5:
                found[start:end] = bytes(end - start)
            case 6:
                found[start:start] = rng.bytes(4)
    return bytes(found) if rng.random() > 0.02 else b""


def places(document):
    """Every place of a document, as the keys that lead to it."""
    found, waiting = [], [((), document)]
    while waiting:
        path, value = waiting.pop()
        found.append(path)
        if isinstance(value, dict):
            waiting += [((*path, key), item) for key, item in value.items()]
        elif isinstance(value, list | tuple):
            waiting += [((*path, index), item) for index, item in enumerate(value)]
    return found


def damaged_document(rng, document, value_of):
    """Change a document of dicts and lists in one to three places; it is changed in place.

    `value_of(rng, old)` gives what stands there instead.
    """
    for _ in range(int(rng.integers(1, 4))):
        found = [place for place in places(document) if place]
        if not found:
            break
        place = found[int(rng.integers(0, len(found)))]
        parent = at(document, place[:-1])
        if isinstance(parent, tuple):
            continue
        key = place[-1]
        match rng.integers(0, 6):
            case 0:
                del parent[key]
            case 1:
                other = at(document, found[int(rng.integers(0, len(found)))])
                parent[key] = copy.deepcopy(other)
            case 2 if isinstance(parent, list):
                parent.insert(key, parent[int(rng.integers(0, len(parent)))])
            case 2:
                parent[f"{key}x"] = parent.pop(key)
            case 3 if isinstance(parent, list) and len(parent) > 1:
                rng.shuffle(parent)
            case _:
                parent[key] = value_of(rng, parent[key])
    return document


def at(document, place):
    """What stands at a place."""
    for key in place:
        document = document[key]
    return document


def plain_value(rng, old):
    """Another value for a place of a JSON document, near the old one or far from it."""
    if isinstance(old, int) and not isinstance(old, bool) and rng.random() < 0.6:
        return old + int(rng.choice((-2, -1, 1, 2, 100, -100, -2 * old or 5)))
    match rng.integers(0, 12):
        case 0:
            return []
        case 1:
            return {}
        case 2:
            return [old, old]
        case 3:
            return {"kind": old}
        case _:
            return VALUES[int(rng.integers(0, len(VALUES)))]


def nested(depth):
    """Lists in lists."""
    return "[" * depth + "]" * depth


def damaged_json(rng, text):
    """A JSON text with other values, or damaged as bytes, or nested without end."""
    choice = rng.random()
    if choice < 0.02:
        return nested(int(rng.choice((500, HUGE_NESTING, 100_000)))).encode()
    if choice < 0.25:
        return damaged_bytes(rng, text)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):  # damaged before
        return damaged_bytes(rng, text)
    return json.dumps(damaged_document(rng, document, plain_value)).encode()


def damaged_file(rng, path, others):
    """Damage a file of a folder: its bytes or values, its kind, or put another in its place."""
    content = path.read_bytes()
    match rng.integers(0, 12):
        case 0:
            path.unlink()
        case 1:
            path.write_bytes(b"")
        case 2:
            shutil.copyfile(others[int(rng.integers(0, len(others)))], path)
        case 3:
            path.unlink()
            path.mkdir()
        case 4:
            path.unlink()
            path.symlink_to(rng.choice(("nowhere", path.name, "/dev/zero", "..")))
        case 5:
            path.unlink()
            os.mkfifo(path)
        case 6:
            path.chmod(0)
        case _ if path.suffix == ".json":
            path.write_bytes(damaged_json(rng, content))
        case _:
            path.write_bytes(damaged_bytes(rng, content))


DTYPES = ("i1", "u1", ">i2", "i4", "i8", "u8", "f2", "f4", "f8", "c16", "?", "M8[s]", "S3", "U2")


def _extremes(rng, matrix):
    """Put in values that are odd for the type."""
    if not matrix.size or rng.random() < 0.6:
        return
    if matrix.dtype.kind == "f":
        with np.errstate(all="ignore"):
            odd = np.array((np.nan, np.inf, 0.5, 1e300, -0.0, 2.0**40)).astype(matrix.dtype)
    else:
        odd = np.array((np.iinfo(matrix.dtype).min, np.iinfo(matrix.dtype).max), matrix.dtype)
    matrix.flat[-1] = odd[int(rng.integers(0, len(odd)))]


def write_matrix(rng, path):
    """Write a .npy file that may be a matrix: odd types, shapes, orders, values, headers."""
    shape = tuple(int(n) for n in rng.integers(0, 5, int(rng.choice((0, 1, 2, 2, 2, 2, 2, 3)))))
    with np.errstate(all="ignore"):
        matrix = rng.integers(-9, 10, shape).astype(DTYPES[int(rng.integers(0, len(DTYPES)))])
    if matrix.dtype.kind in "fiu":
        _extremes(rng, matrix)
    match rng.integers(0, 8):
        case 0:
            np.save(path, np.asfortranarray(matrix))
        case 1:
            np.save(path, matrix.astype(object), allow_pickle=True)
        case 2:
            np.save(path, np.zeros((2, 2), [("a", "i4"), ("b", "f8")]))
        case 3:
            np.savez(path.with_suffix(".npz"), matrix)
            path.with_suffix(".npz").replace(path)
        case 4:
            np.save(path, matrix)
            header = path.read_bytes().replace(b"(", rng.choice((b"(9", b"(-", b"((", b"(1e")), 1)
            path.write_bytes(header)
        case 5:
            np.save(path, matrix)
            path.write_bytes(damaged_bytes(rng, path.read_bytes()))
        case _:
            np.save(path, matrix)
