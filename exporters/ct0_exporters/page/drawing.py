"""Bars and sparklines as inline SVG. Sizes are attributes, for the policy allows no inline style.

static/cells.js draws the same; a test holds the two to each other.
"""

from __future__ import annotations

from ct0.live import History

SECONDS = 180.0  # that a sparkline shows
WIDTH, HEIGHT = 60, 16


def bar(used: float | None, rest: float | None = None, mood: str = "") -> str:
    """Parts of 1: what is used, and behind it what else is there (page cache)."""
    if used is None:
        return ""
    parts = [f'<rect class="rest" width="{rest * 100:.1f}" height="4"/>'] if rest else []
    parts.append(f'<rect class="used" width="{used * 100:.1f}" height="4"/>')
    kind = f"bar {mood}".rstrip()
    return (
        f'<svg class="{kind}" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        f"{''.join(parts)}</svg>"
    )


def spark(history: History, clock: float, least: float) -> str:
    """The last minutes, the newest at the right edge. `least`: the scale ends no lower, so that
    noise does not look like load."""
    return spark_of([(clock - when, value) for when, value in history], least)


def spark_of(points: list[tuple[float, float]], least: float) -> str:
    """Points are (age in seconds, value), oldest first."""
    shown = [(age, value) for age, value in points if age <= SECONDS]
    line = area = ""
    if len(shown) > 1:
        top = max(least, max(value for _, value in shown))
        at = [
            f"{WIDTH - age / SECONDS * WIDTH:.1f} {HEIGHT - 1 - value / top * (HEIGHT - 2):.1f}"
            for age, value in shown
        ]
        line = "M" + "L".join(at)
        first, last = at[0].split()[0], at[-1].split()[0]
        area = f"{line}L{last} {HEIGHT}L{first} {HEIGHT}Z"
    return (
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none"'
        f' aria-hidden="true"><path class="area" d="{area}"/><path class="line" d="{line}"/></svg>'
    )
