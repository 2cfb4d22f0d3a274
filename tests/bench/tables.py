"""The page's tables."""

import statistics

from cold import medians
from rotations import PLACES, bound_seconds

NOTHING = "–"


def markdown(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def millis(seconds):
    return NOTHING if seconds is None else f"{seconds * 1000:.1f} ms"


def cold(figures):
    middle = {name: medians(samples) for name, samples in figures["samples"].items()}
    counted = figures["instructions"]

    def line(what, show):
        return (what, *(show(name) for name in middle))

    def time_of(name):
        return lambda which: millis(middle[which].get(name))

    def instructions(until):
        def show(which):
            count = counted[which][until]
            return NOTHING if count is None else f"{count / 1e6:.1f} M"

        return show

    return markdown(
        ("", *middle),
        [
            line("start to ready", time_of("ready")),
            line("to the first request at AWS", time_of("first_request")),
            line("to the first answer", time_of("first_answer")),
            line("to the end of the rotation", time_of("rotation")),
            line("CPU", time_of("cpu")),
            line("peak memory", lambda name: f"{middle[name]['rss'] / 1e6:.1f} MB"),
            line("instructions to ready", instructions("ready")),
            line("instructions of a rotation", instructions("rotation")),
        ],
    )


def ready(samples):
    rows = []
    for name, times in samples.items():
        first, middle, third = statistics.quantiles(times, n=4)
        of = middle / statistics.median(samples["limit"])
        rows.append((name, millis(first), millis(middle), millis(third), f"{of:.2f}×"))
    return markdown(("", "first quartile", "median", "third quartile", "of the limit"), rows)


def emulated(samples):
    middle = {name: medians(each) for name, each in samples.items()}
    names = [("ready", "ready"), ("first_request", "first request"), ("first_answer", "first answer")]
    return markdown(
        ("", *middle),
        [(what, *(millis(each.get(name)) for each in middle.values())) for name, what in names],
    )


def sizes(figures):
    rows = [
        (f"`{name}`", f"{each['bytes'] / 1e6:.2f} MB", f"{each['zip'] / 1e6:.2f} MB")
        for name, each in figures.items()
    ]
    return markdown(("program", "binary", "zip"), rows)


def variants(figures):
    rows = [
        (
            f"`{name}`" if "=" in name else name,
            f"{each['zip'] / 1e6:.2f} MB",
            f"{each['bytes'] / 1e6:.2f} MB",
            f"{each['rss'] / 1e6:.1f} MB",
            f"{each['ready_instructions'] / 1e6:.1f} M" if each["ready_instructions"] else NOTHING,
            f"{each['rotation_instructions'] / 1e6:.1f} M" if each["rotation_instructions"] else NOTHING,
            millis(each["cpu"]),
            millis(each["first_answer"]),
        )
        for name, each in figures.items()
    ]
    head = (
        "",
        "zip",
        "binary",
        "peak memory",
        "instructions to ready",
        "of a rotation",
        "CPU",
        "to the first answer",
    )
    return markdown(head, rows)


def rotation(figures):
    rows = []
    for place in PLACES:
        for name in ("ours", "peer"):
            each = figures[place][name]
            rows.append(
                (
                    place,
                    name,
                    f"{each['calls']:.0f}",
                    f"{each['sequential']:.0f}",
                    f"{each['sent'] / 1000:.1f} + {each['received'] / 1000:.1f} kB",
                    f"{each['seconds']:.3f} s",
                    f"{each['seconds'] / bound_seconds(place):.2f}×",
                    f"{each['at_aws']:.3f} s",
                    f"{each['first']['seconds']:.3f} s",
                    each["first"]["connections"],
                )
            )
        rows.append((place, "bound", "", "", "", f"{bound_seconds(place):.3f} s", "1×", "", "", ""))
    head = (
        "",
        "",
        "calls",
        "one after another",
        "sent + received",
        "time",
        "of the bound",
        "at AWS",
        "first",
        "connections",
    )
    return markdown(head, rows)


def propagation(figures):
    lost = sorted(each["lost"] for each in figures)
    calls = [each["calls"] for each in figures]
    head = ("median", "ninth decile", "most", "GetCallerIdentity calls, median", "most")
    decile = lost[int(len(lost) * 0.9)]
    row = [f"{value:.2f} s" for value in (statistics.median(lost), decile, lost[-1])]
    return markdown(head, [(*row, f"{statistics.median(calls):.0f}", max(calls))])


def sweep(figures):
    rows = []
    for each in sorted(figures, key=lambda each: (each["due"] != "none", each["accounts"], each["users"])):
        calls = sum(each["calls"].values())
        keys = each["users"] * each["accounts"]
        rows.append(
            (
                each["accounts"],
                f"{each['users']:,}",
                each["due"],
                f"{calls:,}",
                f"{calls / keys:.2f}",
                f"{each['seconds']:,.1f} s",
            )
        )
    return markdown(("accounts", "users each", "due", "calls", "calls a user", "time"), rows)


def memory(figures):
    rows = [
        (
            f"{each['users']:,}",
            each["due"],
            f"{each['calls']:,}",
            f"{each['seconds']:.2f} s",
            f"{each['rss'] / 1e6:.1f} MB",
        )
        for each in figures
    ]
    return markdown(("users", "due", "calls", "time", "peak memory"), rows)


def operator(figures):
    rows = [
        (
            f"`{each['command']}`",
            f"{each['users']:,}",
            f"{each['seconds']:.1f} s",
            f"{1000 * each['seconds'] / each['users']:.1f} ms",
        )
        for each in figures
    ]
    return markdown(("command", "users", "time", "a user"), rows)


def throughput(figures):
    rows = [(each["what"], f"{each['calls'] / each['seconds']:,.0f} calls/s") for each in figures]
    return markdown(("the simulator, one thread", ""), rows)


def suite(figures):
    return markdown(("", "time"), [(what, f"{seconds:.0f} s") for what, seconds in figures.items()])
