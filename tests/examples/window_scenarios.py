"""What the window rules of examples/ must print, from lists of events: nothing here knows the engine.

Each function gives the lines for a feed's records, in order: by when a window closes, then by its first event's position.
"""

import math


def shown(name, key, start, end, select):
    return {"window": name, "key": key, "window_start": start, "window_end": end, "select": select}


def in_order(windows, time):
    """Pairs of (closing time, events), sorted; the events of a window by time, then position."""
    windows = [(closes, sorted(events, key=lambda event: (event[1][time], event[0]))) for closes, events in windows]
    return sorted(windows, key=lambda window: (window[0], min(position for position, _ in window[1])))


def tumbling(records, size, time, key, wanted):
    """Events by (start, key), as (position, record)."""
    windows = {}
    for position, record in enumerate(records):
        if wanted(record):
            start = record[time] // size * size
            windows.setdefault((start, record[key]), []).append((position, record))
    return in_order([(start + size, events) for (start, _), events in windows.items()], time)


def page_views(records):
    hour = 3_600_000

    def wanted(record):
        return record["method"] == "GET" and record["status"] == 200 and "." not in record["path"]

    for end, events in tumbling(records, hour, "ts", "path", wanted):
        hits = [record for _, record in events]
        yield shown("page_views", {"path": hits[0]["path"]}, end - hour, end, {
            "views": len(hits), "visitors": len({hit["ip"] for hit in hits}),
            "kilobytes": sum(hit["bytes"] for hit in hits) / 1000})


def visits(records):
    gap = 1_800_000
    by_address = {}
    for position, record in enumerate(records):
        by_address.setdefault(record["ip"], []).append((position, record))
    sessions = []
    for events in by_address.values():
        events.sort(key=lambda event: (event[1]["ts"], event[0]))
        session = [events[0]]
        for event in events[1:]:
            if event[1]["ts"] - session[-1][1]["ts"] > gap:
                sessions.append(session)
                session = []
            session.append(event)
        sessions.append(session)
    for _, events in in_order([(session[-1][1]["ts"] + gap, session) for session in sessions], "ts"):
        hits = [record for _, record in events]
        yield shown("visit", {"ip": hits[0]["ip"]}, hits[0]["ts"], hits[-1]["ts"], {
            "requests": len(hits), "pages": len({hit["path"] for hit in hits}), "entered": hits[0]["path"],
            "left": hits[-1]["path"], "worst": max(hit["status"] for hit in hits)})


def bars(records):
    size = 10_000
    for end, events in tumbling(records, size, "ex", "symbol", lambda record: record["kind"] == "trade"):
        trades = [record for _, record in events]
        prices = [trade["price"] for trade in trades]
        volume = math.fsum(trade["qty"] for trade in trades)
        yield shown("bar", {"symbol": trades[0]["symbol"]}, end - size, end, {
            "open": prices[0], "high": max(prices), "low": min(prices), "close": prices[-1], "volume": volume,
            "vwap": math.fsum(trade["price"] * trade["qty"] for trade in trades) / volume, "trades": len(trades)})
