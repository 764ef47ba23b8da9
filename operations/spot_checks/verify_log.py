#!/usr/bin/env -S python3 -I
"""Says whether plan and freeze of an online spot check were in the log before its randomness was due, and who saw it.

    python3 -I verify_log.py [FOLDER [KEY ...]]       where FOLDER holds publication.json and proofs.json

A KEY is the public key of the log or of a witness, the text name+id+key, as its owner tells it to everybody.
Python 3.9 or later, standard library only, no network. Each step prints OK; the first that fails ends it with status 1.
What the files do not show is printed as "not shown", and ends it with status 2 where it is that by keys that were given
somebody saw the freeze in time. The formats are RFC 6962, RFC 8032 and signed notes of c2sp.org.
"""

import json
import sys
import time
from base64 import b64decode, b64encode
from hashlib import sha256, sha512
from pathlib import Path

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # of Ed25519: of the field, of the base point
D, ROOT = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)
NOTE, COSIGNATURE = 1, 4  # types of signatures


def say(text):  # nothing that the files hold moves the cursor, begins a line, or is not seen
    print("".join(each if each.isprintable() else ascii(each)[1:-1] for each in text))


def need(holds, what):
    if not holds:
        say(f"FAILED: {what}")
        sys.exit(1)


def canonical(value):  # the one text of a value: names sorted, no blanks, nothing escaped that need not be
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def moment(seconds):
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def root(node, place, size, path):  # of the tree of `size` entries in which the hash `node` is the one at `place`
    if size < 2:
        need(size == 1 and place == 0 and not path, "a proof is not of the place in the log that it names")
        return node
    need(path, "a proof is too short for the place in the log that it names")
    half, beside = 1 << (size - 1).bit_length() - 1, bytes.fromhex(path[-1])
    if place < half:
        return sha256(b"\1" + root(node, place, half, path[:-1]) + beside).digest()
    return sha256(b"\1" + beside + root(node, place - half, size - half, path[:-1])).digest()


def point(encoded):  # of the curve, as x, y, 1 and xy
    y = int.from_bytes(encoded, "little") & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * ROOT % P
    need(x * x % P == square and y < P and len(encoded) == 32, "a key or a signature is no point of the curve")
    x = P - x if x & 1 != encoded[31] >> 7 else x
    return x, y, 1, x * y % P


def add(one, other):  # RFC 8032, 5.1.4
    a, b = (one[1] - one[0]) * (other[1] - other[0]) % P, (one[1] + one[0]) * (other[1] + other[0]) % P
    c, d = 2 * one[3] * other[3] * D % P, 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number, base):
    total = (0, 1, 1, 0)
    while number:
        total, base, number = add(total, base) if number & 1 else total, add(base, base), number >> 1
    return total


def signed(key, message, signature):  # RFC 8032, 5.1.7
    base, s = point((4 * pow(5, -1, P) % P).to_bytes(32, "little")), int.from_bytes(signature[32:], "little")
    k = int.from_bytes(sha512(signature[:32] + key + message).digest(), "little") % ORDER
    one, other = times(s, base), add(point(signature[:32]), times(k, point(key)))
    same = all((one[at] * other[2] - other[at] * one[2]) % P == 0 for at in (0, 1))
    return len(signature) == 64 and s < ORDER and same


def fields(
    entry,
):  # of an act's event: five bytes that name its schema, then Avro's texts, of which the third is a moment
    found, at = [], 5
    for is_text in (True, True, False, True, True, True, True):
        number, shift, more = 0, 0, True
        while more:
            number, shift, more, at = number | (entry[at] & 127) << shift, shift + 7, entry[at] > 127, at + 1
        found.append(entry[at : at + number // 2])
        at += number // 2 if is_text else 0
    return found[3:5] + found[6:] if entry[:5] == b"\0\0\0\0\x11" and at == len(entry) else []


def known_keys():  # by name and id: type, key
    keys = {}
    for text in sys.argv[2:]:
        name, key_id, content = text.split("+", 2)
        content = b64decode(content, validate=True)
        need(sha256(name.encode() + b"\n" + content).hexdigest()[:8] == key_id, f"the key of {name} has another id")
        keys[name, bytes.fromhex(key_id)] = content[0], content[1:]
    return keys


def verify():
    acts = json.loads((FOLDER / "publication.json").read_bytes())
    proofs = json.loads((FOLDER / "proofs.json").read_bytes())
    due, check = acts["plan"]["randomness"]["at"] / 1000, acts["plan"]["check_id"]
    if "checkpoint" not in proofs:
        say(f"not shown: that the log had plan and freeze of {check} before {moment(due)}: {proofs['missing']}")
        sys.exit(2)
    note, empty_line, signatures = proofs["checkpoint"].rpartition("\n\n")
    origin, size, top = note.split("\n")
    need(empty_line and b64encode(b64decode(top)).decode() == top, "the checkpoint is not three lines and signatures")
    for name in ("plan", "freeze"):
        proof = proofs[name]
        entry = bytes.fromhex(proof["before"]) + canonical(acts[name]) + bytes.fromhex(proof["after"])
        need(
            fields(entry) == [check.encode(), name.encode(), canonical(acts[name])],
            f"the entry is not one {name} of {check}",
        )
        made = root(sha256(b"\0" + entry).digest(), proof["leaf_index"], int(size), proof["path"])
        need(b64encode(made).decode() == top, f"the {name} is not that entry of the log with this checkpoint")
        say(f"OK  the {name} of {check} is entry {proof['leaf_index']} of the log {origin}")
    need(proofs["plan"]["leaf_index"] < proofs["freeze"]["leaf_index"], "the freeze stands in the log before its plan")
    say(f"OK  both are in its checkpoint of {size} entries, whose root is {top}")
    keys, seen, by_log = known_keys(), [], False
    for line in signatures.splitlines():
        _, name, value = line.split(" ")
        value, message, said = b64decode(value, validate=True), f"{note}\n".encode(), "has signed"
        kind, key = keys.get((name, value[:4]), (COSIGNATURE if len(value) == 76 else NOTE, None))
        signature = value[4:]
        if kind == COSIGNATURE:
            at, signature = int.from_bytes(value[4:12], "big"), value[12:]
            message, said = f"cosignature/v1\ntime {at}\n".encode() + message, f"has cosigned on {moment(at)}"
        if key is None:
            other = any(each == name and kind == key[0] for (each, _), key in keys.items())
            why = "the key that was given is another" if other else "give its public key"
            say(f"not shown: that {name} {said}, as the checkpoint says: {why}")
            continue
        need(signed(key, message, signature), f"{name} has not signed this checkpoint")
        say(f"OK  {name} {said}")
        by_log |= kind == NOTE and name == origin
        seen += [name] if kind == COSIGNATURE and name != origin and at + 1 <= due else []
    if not by_log:
        say(f"not shown: that it is a checkpoint of {origin}: give its public key")
    if seen:
        say(f"OK  before the randomness was due, on {moment(due)}, it was seen by: {', '.join(sorted(set(seen)))}")
    else:
        say(f"not shown: that somebody whose key was given has seen it before {moment(due)}, when randomness was due")
    say(f"To be asked elsewhere: has the log no other freeze of {check}? Whoever has all its entries can tell")
    if not (by_log and seen):
        sys.exit(2)


try:
    verify()
except Exception as error:  # noqa: BLE001 - whatever somebody may have written into the files
    need(False, f"a file is missing or cannot be read: {type(error).__name__}: {error}")
