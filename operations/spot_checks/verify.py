#!/usr/bin/env -S python3 -I
"""Draws an online spot check again from its public files alone, and says whether it comes out as it was published.

    python3 -I verify.py [FOLDER]         where FOLDER holds publication.json, frame.ndjson.gz and orders.ndjson
Python 3.9 or later, standard library only, no network. Each step prints OK; the first that fails ends it with status 1.
"""

import gzip
import io
import json
import re
import sys
from hashlib import sha256
from itertools import islice
from pathlib import Path

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
T = rb'[^"\\\x00-\x1f\x7f]+'  # a text of the frame: nothing in it is escaped
ROW = rb'(?m)^{"id":"(%b)","parties":\[((?:"%b"(?:,"%b")*)?)\],"stratum":"(%b)","weight":([1-9]|1[0-6])}\n' % ((T,) * 4)
HEADS = [f"{number:03}"[::-1] for number in range(1000)]  # the first digits of a ticket by the last of its number
ENDS = [b"", *(b"\x1fw%d" % which for which in range(2, 17))]  # behind the id, of the text of each of its tickets


def say(text):  # nothing that the files hold moves the cursor, begins a line, or is not seen
    print("".join(each if each.isprintable() else ascii(each)[1:-1] for each in text))


def need(holds, what):
    if not holds:
        say(f"FAILED: {what}")
        sys.exit(1)


def canonical(value):  # the one text of a value: names sorted, no blanks, nothing escaped that need not be
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest(*texts):  # SHA-256 of texts with U+001F between them
    return sha256("\x1f".join(texts).encode()).hexdigest()


def tree(nodes):  # RFC 6962: of two neighbours one, level by level; what is left over goes up as it is
    while len(nodes) > 1:
        nodes = [sha256(b"\1" + a + b).digest() for a, b in zip(nodes[::2], nodes[1::2])] + nodes[len(nodes) & ~1 :]
    return nodes[0]


def verify():
    text = (FOLDER / "publication.json").read_bytes()
    acts = json.loads(text, parse_float=lambda number: need(False, f"{number} is no integer"))
    need(canonical(acts) == text and len(acts) == 4, "publication.json is not four acts, written in the one way")
    plan, freeze, randomness, draw = (acts[name] for name in ("plan", "freeze", "randomness", "draw"))
    for before, act in ((plan, freeze), (freeze, randomness), (randomness, draw)):
        hashed = sha256(canonical(before)).hexdigest()
        need(act["after"] == hashed and act["check_id"] == plan["check_id"], "an act does not name the one before")
    for things, key in (("officers", "staff_no"), ("strata", "stratum"), ("items", "item_no")):
        need(len({each[key] for each in plan[things]}) == len(plan[things]), f"one of {things} is in the plan twice")
    source, given, going = plan["randomness"], randomness["source"], plan.get("officers_each", 2)
    early = max(plan["planned_at"] + 1, freeze["as_known_at"]) <= freeze["frozen_at"] < source["at"]
    need(early, "it was not frozen between plan and randomness, or of a later moment")
    say(f"OK  check {plan['check_id']}: acts follow one another, and the frame was frozen before randomness was due")
    need(source["kind"] == given["kind"] and going >= 2, "other randomness was planned, or fewer than two are to go")
    if source["kind"] == "drand":
        name = "" if source["beacon_id"] == "default" else source["beacon_id"]
        chain = source["period"].to_bytes(4, "big") + source["genesis"].to_bytes(8, "big")
        chain += bytes.fromhex(source["public_key"] + source["group_hash"]) + name.encode()
        need(sha256(chain).hexdigest() == source["chain"], "the beacon's hash is not of its period, start and keys")
        due = (source["genesis"] + (source["round"] - 1) * source["period"]) * 1000
        need(due == source["at"] and given["round"] == source["round"], "the round or its time is not the planned one")
        made = sha256(bytes.fromhex(given["signature"])).hexdigest()
        left = f"is the signature that of round {given['round']} of chain {source['chain']}? Ask any drand node"
    else:
        secrets = {each["name"]: each["secret"] for each in given["reveals"]}
        known = {party["name"]: party["commitment"] for party in source["parties"]}
        for name, secret in secrets.items():
            need(digest(plan["check_id"], name, secret) == known[name], f"{name} has committed to another secret")
        need(len(known) == len(source["parties"]) and len(given["reveals"]) == len(secrets) >= 2, "two are to reveal")
        made = digest(*(secrets.get(party["name"], party["default"]) for party in source["parties"]))
        mute = ", ".join(name for name in known if name not in secrets)
        left = f"did {', '.join(secrets)} reveal this, once they saw the freeze witnessed? Silent: {mute or 'none'}"
    need(made == randomness["randomness"], "the randomness does not follow from its source")
    need(digest(plan["check_id"], freeze["root"], made) == draw["seed"], "the seed does not follow from what it is of")
    say("OK  the randomness is of the planned source, and the seed follows from check, root and randomness")
    bounds = {each["stratum"].encode(): each.get("next", "0.~")[2:] for each in draw["strata"]}
    rows, least = dict.fromkeys(bounds, 0), {name: {} for name in bounds}
    seed = sha256(draw["seed"].encode()).hexdigest()
    start, hashed, subtrees, before = sha256(seed.encode()), sha256(), [], b""
    weights = {b"1", *(b"%d" % each["weight"] for each in plan.get("weights", ()))}
    with io.BufferedReader(gzip.open(FOLDER / "frame.ndjson.gz"), 1 << 20) as frame:
        while lines := list(islice(frame, 4096)):
            found = re.findall(ROW, text := b"".join(lines))
            need(len(found) == len(lines) and text.decode(), f"a line from {sum(rows.values()) + 1} on is no frame's")
            hashed.update(text)
            subtrees.append(tree([sha256(b"\0" + line[:-1]).digest() for line in lines]))
            for name, parties, stratum, weight in found:
                if before >= name or stratum not in rows or weight not in weights:
                    need(False, f"{name.decode()} is not behind the row before it, or of no planned stratum or weight")
                before, bound = name, bounds[stratum]
                rows[stratum] += 1
                for end in ENDS[: int(weight)]:  # as many tickets as it has weight: it draws by the least
                    ticket = start.copy()
                    ticket.update(name + end)
                    number = int.from_bytes(ticket.digest(), "big")
                    if HEADS[number % 1000] <= bound[:3] and (digits := f"{number:064}"[::-1]) <= bound:
                        drew = (digits, name.decode(), parties, int(weight))
                        least[stratum][name] = min(drew, least[stratum].get(name, drew))
    need(subtrees and tree(subtrees).hex() == freeze["root"], "the frame has another Merkle root than was frozen")
    need(hashed.hexdigest() == freeze["frame_sha256"], "the frame has another SHA-256 than was frozen")
    counted = [{"rows": count, "stratum": name.decode()} for name, count in rows.items()]
    need((counted, sum(rows.values())) == (freeze["strata"], freeze["rows"]), "other numbers of rows were frozen")
    say(f"OK  the frame of {freeze['rows']:,} rows is the one that was frozen")
    drawn, cap = [], min(10_000 if item["item_class"] == "key" else item["share_cap"] for item in plan["items"])
    need([each["stratum"] for each in plan["strata"]] == [each["stratum"] for each in draw["strata"]], "other strata")
    for stratum, said, count, tickets in zip(plan["strata"], draw["strata"], rows.values(), least.values()):
        wanted, found = min(stratum["size"], count, count * cap // 10_000), sorted(tickets.values())
        need((said["rows"], said["drawn"]) == (count, wanted), f"{wanted} of {count} are to be drawn in {stratum}")
        need(len(found) == min(wanted + 1, count), f"there are other tickets up to the first not drawn in {stratum}")
        need(said.get("next") == ("0." + found[wanted][0] if wanted < count else None), f"another next in {stratum}")
        drawn += [(*each, stratum) for each in found[:wanted]]
    say(f"OK  {len(drawn):,} are drawn: of each stratum the least tickets, as many as planned, there and allowed")
    published, busy, place, waiting = (FOLDER / "orders.ndjson").read_bytes(), {}, 0, 0
    need(sha256(published).hexdigest() == draw["orders_sha256"], "orders.ndjson is not the file that the draw names")
    lines = published.split(b"\n")
    need(lines[len(drawn) :] == [b""] and len(drawn) == draw["orders"], f"there are to be {len(drawn)} lines of orders")
    for line, each in zip(lines, sorted(drawn, key=lambda each: each[:2])):
        (ticket, name, parties, weight, stratum), place = each, place + 1
        order = {"order_no": f"{plan['check_id']}-{place}", "id": name, "ticket": "0." + ticket, "weight": weight}
        codes, free = {code.decode() for code in parties[1:-1].split(b'","')}, []
        recused = {each["staff_no"] for each in plan.get("recusals", ()) if each["code"] in codes}
        for officer in plan["officers"]:
            able = set(stratum.get("needs", ())) <= set(officer.get("qualifications", ()))
            if able and officer["staff_no"] not in recused and busy.get(officer["staff_no"], 0) < officer["most"]:
                drew = sha256(f"{seed}{order['order_no']}\x1f{officer['staff_no']}".encode()).hexdigest()
                free.append((bool(officer.get("reserve")), f"{int(drew, 16):064}"[::-1], officer["staff_no"]))
        chosen = [staff_no for _, _, staff_no in sorted(free)[:going]] if len(free) >= going else []
        busy.update({staff_no: busy.get(staff_no, 0) + 1 for staff_no in chosen})
        waiting += not chosen  # too few: nobody goes alone
        made = canonical({**order, "stratum": stratum["stratum"], **({"officers": chosen} if chosen else {})})
        need(line == made, f"order {place} is to be {made.decode()}")
    need(waiting == draw["waiting"] and len(draw) == 7, f"{waiting} orders are to wait, and no more is to be said")
    say(f"OK  {place:,} orders name these listings, and the officers who are drawn for them")
    say(f"To be compared elsewhere:  {left}")
    say(f"- was the freeze, {randomness['after']}, in a witnessed checkpoint by then? python3 -I verify_log.py")


try:
    verify()
except Exception as error:  # noqa: BLE001 - whatever somebody may have written into the files
    need(False, f"a file is missing or cannot be read: {type(error).__name__}: {error}")
