#!/usr/bin/env python3
"""Writes the invented feeds of this folder: background noise, and situations at a bound and one millisecond beside it.

    generate.py [FOLDER [SHIFT]]     the same bytes every time; into the script's own folder when none is named; other
                                     noise for another SHIFT than 0, for tests

Only Random.random() is drawn from: of the generators in Python's library it alone promises the same numbers for ever.
"""

import pathlib
import random
import sys

BEGIN = 1772438400000  # 2 March 2026, 08:00 UTC, in ms
SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000


class Dice:
    def __init__(self, seed):
        self.random = random.Random(seed).random

    def below(self, bound):
        return int(self.random() * bound)

    def one_of(self, choices):
        return choices[self.below(len(choices))]

    def chance(self, share):
        return self.random() < share


def payments(dice):
    """ts,user,country,amount"""
    rows = []
    for _ in range(140):
        user, at = dice.below(14), dice.below(6 * 3600) * SECOND
        home = ("DE", "FR", "ES", "PL")[user % 4]
        for _ in range(1 + dice.below(5)):
            country = dice.one_of(("GB", "US", "NL", home)) if dice.chance(0.12) else home
            amount = 1000 + dice.below(400_000) / 100 if dice.chance(0.25) else 2 + dice.below(30_000) / 100
            rows.append((at, "u%02d" % user, country, amount))
            at += (10 + dice.below(280)) * SECOND

    def paid(user, *events):
        rows.extend((2 * HOUR + at, user, country, amount) for at, country, amount in events)

    # The third large one comes after exactly ten minutes; and a millisecond earlier. 1000 itself is not large.
    paid("bound", (0, "DE", 1500.0), (5 * MINUTE, "DE", 1200.0), (10 * MINUTE, "DE", 1300.0))
    paid("inside", (0, "DE", 1500.0), (5 * MINUTE, "DE", 1200.0), (10 * MINUTE - 1, "DE", 1300.0))
    paid("plain", (0, "DE", 1500.0), (1 * MINUTE, "DE", 1000.0), (2 * MINUTE, "DE", 1300.0))
    paid("small", (0, "FR", 1000.01), (1 * MINUTE, "FR", 3.5), (2 * MINUTE, "FR", 1001.0), (3 * MINUTE, "FR", 2222.22))
    # Three countries: in exactly an hour, just inside it, with home seen again between, and only two.
    paid("tour60", (0, "DE", 20.0), (30 * MINUTE, "AT", 20.0), (HOUR, "IT", 20.0))
    paid("tour59", (0, "DE", 20.0), (30 * MINUTE, "AT", 20.0), (HOUR - 1, "IT", 20.0))
    paid("again", (0, "DE", 9.0), (MINUTE, "DE", 9.0), (9 * MINUTE, "AT", 9.0), (10 * MINUTE, "DE", 9.0), (11 * MINUTE, "CH", 9.0))
    paid("two", (0, "DE", 9.0), (MINUTE, "AT", 9.0), (2 * MINUTE, "DE", 9.0), (3 * MINUTE, "AT", 9.0))
    return [(at, user, country, "%.2f" % amount) for at, user, country, amount in rows]


def shop(dice):
    """ts,user,kind,item,price"""
    rows = []
    items = (("lamp", "39.90"), ("chair", "120.00"), ("rug", "75.50"), ("clock", "18.25"))
    for visit in range(60):
        user, at = "c%02d" % dice.below(25), dice.below(5 * 3600) * SECOND
        for _ in range(1 + dice.below(4)):
            item, price = dice.one_of(items)
            rows.append((at, user, "add" if dice.chance(0.5) else "view", item, price))
            at += (5 + dice.below(300)) * SECOND
        if dice.chance(0.5):
            rows.append((at + dice.below(40 * 60) * SECOND, user, "purchase", "", "0"))

    def did(user, *events):
        rows.extend((HOUR + at, user, kind, "vase", "50.00") for at, kind in events)

    # Bought after exactly half an hour, which is too late; a millisecond earlier; at the time of the add itself.
    did("bound", (0, "add"), (30 * MINUTE, "purchase"))
    did("inside", (0, "add"), (30 * MINUTE - 1, "purchase"))
    did("atonce", (0, "add"), (0, "purchase"))
    did("before", (0, "purchase"), (1, "add"), (2, "view"))
    did("second", (0, "add"), (MINUTE, "purchase"), (2 * MINUTE, "add"))
    # Still open when the feed ends.
    did("last", (5 * HOUR, "add"), (5 * HOUR + MINUTE, "view"))
    return rows


def calls(dice):
    """ts,region,service,latency_ms,ok"""
    rows = []
    services = ("auth", "cart", "db", "mail")
    for _ in range(900):
        at, service = dice.below(4 * 3600) * SECOND, dice.one_of(services)
        busy = (at // (20 * MINUTE) + services.index(service)) % 7 == 0
        latency = 300 + dice.below(900) if dice.chance(0.7 if busy else 0.05) else 20 + dice.below(250)
        rows.append((at, dice.one_of(("eu", "us")), service, latency, 0 if dice.chance(0.07) else 1))

    def called(region, *events):
        rows.extend((HOUR + at, region, service, latency, ok) for at, service, latency, ok in events)

    # Three slow ones: in exactly five minutes; just inside; with a fast one between; 500 ms itself is not slow.
    called("ap", (0, "auth", 501, 1), (MINUTE, "auth", 900, 1), (5 * MINUTE, "auth", 700, 1))
    called("ap", (0, "cart", 501, 1), (MINUTE, "cart", 900, 1), (5 * MINUTE - 1, "cart", 700, 1))
    called("ap", (0, "db", 600, 1), (MINUTE, "db", 600, 1), (2 * MINUTE, "db", 499, 1), (3 * MINUTE, "db", 600, 1))
    called("ap", (0, "mail", 501, 1), (MINUTE, "mail", 500, 1), (2 * MINUTE, "mail", 501, 1), (3 * MINUTE, "mail", 501, 1))
    # Failures of auth, cart and db in each order; one of them twice; in exactly two minutes; and without db.
    for hour, order in enumerate(("auth cart db", "auth db cart", "cart auth db", "cart db auth", "db auth cart", "db cart auth")):
        called("sa", *((10 * MINUTE * hour + 20 * SECOND * i, service, 50, 0) for i, service in enumerate(order.split())))
    called("af", (0, "db", 50, 0), (1, "db", 50, 0), (2, "cart", 50, 0), (3, "mail", 50, 0), (4, "auth", 50, 1), (5, "auth", 50, 0))
    called("af", *((HOUR + at, service, 50, 0) for at, service in ((0, "auth"), (MINUTE, "cart"), (2 * MINUTE, "db"))))
    called("af", *((2 * HOUR + at, service, 50, 0) for at, service in ((0, "auth"), (1, "cart"), (2, "auth"), (3, "cart"))))
    return rows


def ticks(dice):
    """ts,symbol,price"""
    rows = []
    for symbol, price in (("AAA", 100.0), ("BBB", 12.5), ("CCC", 870.0), ("DDD", 3.2)):
        at = dice.below(600) * SECOND
        while at < 12 * HOUR:
            rows.append((at, symbol, "%.2f" % price))
            at += (60 + dice.below(900)) * SECOND
            price = max(1.0, price * (0.91 + 0.19 * dice.random()))

    def traded(symbol, *events):
        rows.extend((HOUR + at, symbol, price) for at, price in events)

    # 20 % to the cent; a cent less; in exactly an hour; just inside; a pause on the way; the rise in two steps only.
    traded("CENT", (0, "100.00"), (MINUTE, "105.00"), (2 * MINUTE, "110.00"), (3 * MINUTE, "120.00"))
    traded("LESS", (0, "100.00"), (MINUTE, "105.00"), (2 * MINUTE, "110.00"), (3 * MINUTE, "119.99"))
    traded("HOUR", (0, "100.00"), (MINUTE, "105.00"), (2 * MINUTE, "110.00"), (HOUR, "130.00"))
    traded("NEAR", (0, "100.00"), (MINUTE, "105.00"), (2 * MINUTE, "110.00"), (HOUR - 1, "130.00"))
    traded("REST", (0, "100.00"), (MINUTE, "110.00"), (2 * MINUTE, "110.00"), (3 * MINUTE, "130.00"))
    traded("STEP", (0, "100.00"), (MINUTE, "130.00"), (2 * MINUTE, "160.00"), (3 * MINUTE, "150.00"))
    return rows


def servers(dice):
    """ts,host,state"""
    rows = []
    for number in range(12):
        host, at = "web%02d" % number, dice.below(3600) * SECOND
        while at < 8 * HOUR:
            rows.append((at, host, "down"))
            if dice.chance(0.3):
                rows.append((at + (1 + dice.below(200)) * SECOND, host, "busy"))
            at += (30 + dice.below(18 * 60)) * SECOND
            rows.append((at, host, "up"))
            at += (300 + dice.below(7000)) * SECOND

    def was(host, *events):
        rows.extend((HOUR + at, host, state) for at, state in events)

    # Up after exactly ten minutes, which is too late; a millisecond earlier; told down twice; at once.
    was("bound", (0, "down"), (10 * MINUTE, "up"))
    was("inside", (0, "down"), (10 * MINUTE - 1, "up"))
    was("twice", (0, "down"), (MINUTE, "down"), (30 * MINUTE, "up"))
    was("atonce", (0, "down"), (0, "up"))
    # Still down when the feed ends.
    was("gone", (9 * HOUR, "down"))
    return rows


FEEDS = ((payments, 1), (shop, 2), (calls, 3), (ticks, 4), (servers, 5))


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    shift = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    for feed, seed in FEEDS:
        rows = sorted(feed(Dice(seed + shift)), key=lambda row: row[0])  # stable: what is written first comes first at one time
        lines = [feed.__doc__] + [",".join(map(str, (BEGIN + row[0], *row[1:]))) for row in rows]
        (folder / (feed.__name__ + ".csv")).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
