"""SVG plots without a library: bars, and points."""

from html import escape

WIDTH, LEFT, RIGHT, BAR, GAP = 720, 190, 80, 22, 12
TEXT = "#24292f"
COLOURS = {"ours": "#0969da", "limit": "#8c959f", "peer": "#cf8f00", "few roots": "#54aeff"}
FONT = 'font-family="system-ui, sans-serif" font-size="13"'


def svg(height, title, body):
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}" {FONT} fill="{TEXT}">\n'
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n'
        f'<text x="16" y="24" font-weight="600">{escape(title)}</text>\n{body}\n</svg>\n'
    )


def bars(title, rows, unit):
    """`rows`: (label, value, whose)."""
    longest = max(value for _, value, _ in rows)
    parts, y = [], 44
    for label, value, whose in rows:
        width = max(1, (WIDTH - LEFT - RIGHT) * value / longest)
        parts.append(f'<text x="{LEFT - 8}" y="{y + 16}" text-anchor="end">{escape(label)}</text>')
        parts.append(
            f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{COLOURS[whose]}"/>'
        )
        parts.append(f'<text x="{LEFT + width + 6:.1f}" y="{y + 16}">{value:.3g} {unit}</text>')
        y += BAR + GAP
    return svg(y + 8, title, "\n".join(parts))


def points(title, pairs, across, up):
    """`pairs`: (x, y); both axes begin at zero."""
    height, bottom, top = 300, 250, 44
    most_x, most_y = (max(values) or 1 for values in zip(*pairs, strict=True))

    def place(x, y):
        return LEFT / 2 + (WIDTH - LEFT) * x / most_x, bottom - (bottom - top) * y / most_y

    parts = [
        '<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="{}"/>'.format(*place(x, y), COLOURS["ours"])
        for x, y in pairs
    ]
    (x0, y0), (x1, y1) = place(0, 0), place(most_x, most_y)
    parts.append(f'<path d="M{x0} {y1:.1f}V{y0}H{x1:.1f}" stroke="{TEXT}" fill="none"/>')
    parts.append(f'<text x="{x1:.1f}" y="{y0 + 18}" text-anchor="end">{most_x:g}</text>')
    parts.append(f'<text x="{x0 - 6}" y="{y1 + 5:.1f}" text-anchor="end">{most_y:.2f}</text>')
    parts.append(f'<text x="{WIDTH / 2}" y="{y0 + 36}" text-anchor="middle">{escape(across)}</text>')
    parts.append(f'<text x="{x0}" y="{top - 4}">{escape(up)}</text>')
    return svg(height, title, "\n".join(parts))
