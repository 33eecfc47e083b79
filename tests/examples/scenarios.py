"""The answers of the examples, straight from what each scenario says: no automaton, no state, every beginning tried.

A scenario is `answers(events) -> lines`. It knows nothing of the rules file or of the program that it checks.
"""

from runs import Run, all_told, at_event, by_key, from_here, in_time, lines, not_overlapping, time_passes

MINUTE, HOUR = 60_000, 3_600_000
DAY = 24 * HOUR


def total(values):
    """One after the other, as floating-point numbers: Python's own sum rounds less in newer versions."""
    result = 0
    for value in values:
        result += value
    return result


def mean(values):
    return total(values) / len(values)


def gathered(events, everything, beginning, bound, stage, count, takes):
    """A run that takes `count` events, each the next one of which `takes(taken so far, event)` holds; None where it does
    not take its beginning."""
    if not takes([], beginning):
        return None
    taken = [beginning]
    for event in in_time(events, beginning, bound):
        if takes(taken, event):
            taken.append(event)
            if len(taken) == count:
                return Run(beginning, at_event(event), {stage: taken})
    return Run(beginning, time_passes(beginning.ts + bound, everything))


def per_key(events, names, run_of, choose=not_overlapping):
    """(moment, key, run) of what is told, over all keys."""
    told = []
    for key, of_key in by_key(events, *names):
        runs = [run for run in (run_of(of_key, beginning) for beginning in of_key) if run is not None]
        told += [(moment, key, run) for moment, run in choose(runs)]
    return told


def three_large_payments(events):
    def run_of(own, beginning):
        return gathered(own, events, beginning, 10 * MINUTE, "large", 3, lambda taken, event: event.amount > 1000)

    return lines("three_large_payments", per_key(events, ["user"], run_of), lambda key, large: {
        **key, "total": total([e.amount for e in large]), "largest": max(e.amount for e in large)})


def three_countries(events):
    def run_of(own, beginning):
        return gathered(own, events, beginning, HOUR, "seen", 3,
                        lambda taken, event: event.country not in [e.country for e in taken])

    return lines("three_countries", per_key(events, ["user"], run_of), lambda key, seen: {
        **key, "from": seen[0].country, "to": seen[-1].country, "countries": len({e.country for e in seen})})


def cart_abandonment(events):
    def run_of(own, add):
        if add.kind != "add" or any(event.kind == "purchase" for event in in_time(own, add, 30 * MINUTE)):
            return None
        return Run(add, time_passes(add.ts + 30 * MINUTE, events), {"add": [add]})

    return lines("cart_abandonment", per_key(events, ["user"], run_of, all_told), lambda key, add: {
        **key, "item": add[0].item, "price": add[0].price})


def five_failed_calls(events):
    def run_of(own, beginning):
        return gathered(own, events, beginning, MINUTE, "failed", 5, lambda taken, event: event.status >= 400)

    return lines("five_failed_calls", per_key(events, ["ip"], run_of), lambda key, failed: {
        **key, "first_path": failed[0].path, "paths": len({e.path for e in failed})})


def price_surge(events):
    def run_of(own, base):
        over = time_passes(base.ts + HOUR, events)
        rises = from_here(own, base)[1:4]
        for place, event in enumerate(rises):
            before = rises[place - 1] if place > 0 else base
            if over < at_event(event):
                return Run(base, over)
            if event.price <= before.price or (place == 2 and event.price < base.price * 1.2):
                return Run(base, at_event(event))
        if len(rises) < 3:
            return Run(base, over)
        return Run(base, at_event(rises[-1]), {"base": [base], "rise": rises})

    return lines("price_surge", per_key(events, ["symbol"], run_of), lambda key, base, rise: {
        **key, "low": base[0].price, "high": rise[-1].price, "ratio": rise[-1].price / base[0].price})


def login_anomaly(events):
    def run_of(own, beginning):
        if beginning.ok:
            return None
        failed = [beginning]
        for event in in_time(own, beginning, DAY):
            if len(failed) < 3:
                if not event.ok:
                    failed.append(event)
            elif event.ok and event.ip not in [e.ip for e in failed]:
                return Run(beginning, at_event(event), {"failed": failed, "success": [event]})
        return Run(beginning, time_passes(beginning.ts + DAY, events))

    return lines("login_anomaly", per_key(events, ["user"], run_of), lambda key, failed, success: {
        **key, "attempts": len(failed), "tried_from": len({e.ip for e in failed}), "from": success[0].ip})


def slow_responses(events):
    def run_of(own, beginning):
        if beginning.latency_ms <= 500:
            return None
        over = time_passes(beginning.ts + 5 * MINUTE, events)
        row = from_here(own, beginning)[:3]
        for event in row[1:]:
            if over < at_event(event):
                return Run(beginning, over)
            if event.latency_ms <= 500:
                return Run(beginning, at_event(event))
        return Run(beginning, at_event(row[-1]), {"slow": row}) if len(row) == 3 else Run(beginning, over)

    return lines("slow_responses", per_key(events, ["region", "service"], run_of), lambda key, slow: {
        **key, "worst": max(e.latency_ms for e in slow), "mean": mean([e.latency_ms for e in slow])})


def gradual_degradation(events):
    def run_of(own, beginning):
        baseline, over = from_here(own, beginning)[:12], time_passes(beginning.ts + 4 * HOUR, events)
        if len(baseline) < 12 or baseline[-1].ts - beginning.ts >= 4 * HOUR:
            return Run(beginning, over)
        usual, doubled = mean([e.value for e in baseline]), None
        for event in in_time(own, beginning, 4 * HOUR)[11:]:
            if doubled is None:
                doubled = event if 2 * usual <= event.value < 5 * usual else None
            elif event.value >= 5 * usual:
                return Run(beginning, at_event(event), {"baseline": baseline, "doubled": [doubled], "critical": [event]})
            elif event.value < usual:
                return Run(beginning, at_event(event))
        return Run(beginning, over)

    return lines("gradual_degradation", per_key(events, ["series"], run_of), lambda key, baseline, doubled, critical: {
        **key, "mean": mean([e.value for e in baseline]), "doubled": doubled[0].value, "critical": critical[0].value})


def rising_prices(events):
    def run_of(own, beginning):
        over = time_passes(beginning.ts + 1_000_000_000, events)
        row = from_here(own, beginning)[:7]
        for before, event in zip(row, row[1:]):
            if over < at_event(event):
                return Run(beginning, over)
            if event.price <= before.price:
                return Run(beginning, at_event(event))
        return Run(beginning, at_event(row[-1]), {"t": row}) if len(row) == 7 else Run(beginning, over)

    return lines("rising", per_key(events, ["symbol"], run_of), lambda key, t: {
        **key, "bottom": t[0].price, "top": t[-1].price, "rise": t[-1].price - t[0].price, "volume": total([e.qty for e in t])})


def silent_metric(events):
    def run_of(own, sample):
        if in_time(own, sample, HOUR):
            return None
        return Run(sample, time_passes(sample.ts + HOUR, events), {"last_seen": [sample]})

    return lines("silent", per_key(events, ["series"], run_of, all_told), lambda key, last_seen: {
        **key, "last_value": last_seen[0].value})


def server_down(events):
    def run_of(own, down):
        if down.state != "down" or any(event.state == "up" for event in in_time(own, down, 10 * MINUTE)):
            return None
        return Run(down, time_passes(down.ts + 10 * MINUTE, events), {"down": [down]})

    return lines("server_down", per_key(events, ["host"], run_of, all_told), lambda key, down: key)


def three_failures(events):
    services = ("auth", "cart", "db")

    def run_of(own, beginning):
        if beginning.ok or beginning.service not in services:
            return None
        found = {beginning.service: [beginning]}
        for event in in_time(own, beginning, 2 * MINUTE):
            if not event.ok and event.service in services:
                found.setdefault(event.service, [event])
            if len(found) == 3:
                return Run(beginning, at_event(event), {name: found[name] for name in services})
        return Run(beginning, time_passes(beginning.ts + 2 * MINUTE, events))

    return lines("three_failures", per_key(events, ["region"], run_of), lambda key, auth, cart, db: key)
