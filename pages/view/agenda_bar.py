"""The slim bar of a review on any page: the agenda, where it is, the item's clock, what is next.

Arrow keys are the buttons' own shortcuts. The small script below presses the same buttons for a
clicker's Page keys, a swipe, and for arrows pressed faster than the items follow each other; it
makes the clock tick. Without it the buttons and their shortcuts still work.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from metrics.review.agenda import AgendaItem
from metrics.review.meetings import Meeting
from pages.view import review_bar
from pages.view.landing import go_next
from pages.view.request import Request, as_pressed
from pages.view.review_bar import go_to
from pages.view.walk import Walk, address_of

KEY = "agenda"
_CLOCK_CSS = """
.clock { font: inherit; margin: 0; white-space: nowrap; text-align: right; color: var(--ink2); }
.clock b { color: var(--ink); font-weight: 600; font-variant-numeric: tabular-nums; }
.clock.over b { color: var(--bad); }
"""
# Constant: nothing from data gets in but two numbers and the review's own id.
_CLOCK_JS = """
const PRESS = { next: ".st-key-agenda-next button", back: ".st-key-agenda-back button" };
const KEYS = {
  PageDown: "next", PageUp: "back", ArrowRight: "next", ArrowLeft: "back",
};
// While one item gives way to the next its presses wait here: two presses are two steps.
const walk = (window.agendaWalk ||= { item: null, left: 0, waiting: [] });
const PATIENCE = 15000;
const moving = () => walk.left && Date.now() - walk.left < PATIENCE;
function press(which) {
  if (moving()) { walk.waiting.push(which); return; }
  const button = document.querySelector(PRESS[which]);
  if (!button || button.disabled) { walk.waiting = []; return; }
  walk.left = Date.now();
  button.click();
}
function arrived(item) {
  if (walk.item === item) return;
  walk.item = item;
  walk.left = 0;
  const next = walk.waiting.shift();
  // A moment later: the buttons then are those of the item that has arrived.
  if (next) setTimeout(() => press(next), 150);
}
function typing(target) {
  return target.closest && target.closest("input, textarea, select, [contenteditable=true]");
}
export default function ({ parentElement, data }) {
  // It is called anew for every run, on the same element.
  if (parentElement.agendaStop) parentElement.agendaStop();
  const shown = parentElement.querySelector(".clock");
  const stored = sessionStorage.getItem("agenda-item") || "";
  let since = Number(stored.split("|")[1]);
  if (stored.split("|")[0] !== data.item || !since) {
    since = Date.now();
    sessionStorage.setItem("agenda-item", data.item + "|" + since);
  }
  function tick() {
    const passed = Math.floor((Date.now() - since) / 1000);
    const left = data.minutes * 60 - passed;
    const size = Math.abs(left);
    const text = Math.floor(size / 60) + ":" + String(size % 60).padStart(2, "0");
    shown.classList.toggle("over", left < 0);
    shown.innerHTML = left < 0 ? "<b>" + text + " over</b> " + data.minutes + " min"
      : "<b>" + text + "</b> left of " + data.minutes;
    const fill = document.querySelector(".agenda-now i");
    if (fill) {
      fill.style.width = Math.min(100, passed / data.minutes / 0.6) + "%";
      fill.classList.toggle("over", left < 0);
    }
  }
  let from = null;
  const down = (e) => {
    if (!(e.key in KEYS) || typing(e.target) || e.altKey || e.ctrlKey || e.metaKey) return;
    // The button's own shortcut would press it a second time.
    e.preventDefault();
    e.stopImmediatePropagation();
    if (!e.repeat) press(KEYS[e.key]);
  };
  const start = (e) => {
    from = e.touches.length === 1 ? [e.touches[0].clientX, e.touches[0].clientY, Date.now()] : null;
  };
  const end = (e) => {
    if (!from || !data.present) return;
    const [x, y, at] = from, touch = e.changedTouches[0];
    const across = touch.clientX - x, along = touch.clientY - y;
    from = null;
    if (Date.now() - at > 600 || Math.abs(across) < 90 || Math.abs(along) > Math.abs(across) / 2)
      return;
    press(across < 0 ? "next" : "back");
  };
  arrived(data.item);
  tick();
  const timer = setInterval(tick, 1000);
  window.addEventListener("keydown", down, true);
  document.addEventListener("touchstart", start, { passive: true });
  document.addEventListener("touchend", end, { passive: true });
  parentElement.agendaStop = () => {
    clearInterval(timer);
    window.removeEventListener("keydown", down, true);
    document.removeEventListener("touchstart", start);
    document.removeEventListener("touchend", end);
  };
  return parentElement.agendaStop;
}
"""
_clock = st.components.v2.component(
    "agenda_clock",
    html='<p class="clock" role="timer"></p>',
    css=_CLOCK_CSS,
    js=_CLOCK_JS,
)


def show_agenda_bar(walk: Walk, request: Request) -> None:
    """At a desk: the agenda's line, the item and what is next; between items the way into it."""
    with st.container(key=KEY, gap=None):
        st.html(track_html(walk))
        with st.container(
            key="agenda-line", horizontal=True, vertical_alignment="center", gap="small"
        ):
            st.html(line_html(walk))
            _show_steps(walk, request)
            st.button("Leave the review", key="agenda-leave", on_click=_leave, args=(request,))


def show_agenda_presenting(walk: Walk, title: str, request: Request) -> None:
    """Before the room: the one line above the page tells the item, and the agenda's line below it
    how far the meeting is."""
    following = walk.following
    count = len(walk.meeting.agenda)
    about = f"{agenda_words(walk.meeting.agenda)} · "
    if walk.item is not None:
        title = walk.item.title
        owner = f"{walk.item.owner} · " if walk.item.owner else ""
        then = f"next {walk.meeting.agenda[following - 1].title} · " if following else ""
        about = f"{walk.at} of {count} · {owner}{then}"
    review_bar.show_presenting(title, request, about, lambda: _show_steps(walk, request))
    with st.container(key=KEY, gap=None):
        st.html(track_html(walk))


def _show_steps(walk: Walk, request: Request) -> None:
    """The item's clock, and the buttons to and fro."""
    if walk.item is not None:
        with st.container(key="agenda-clock", width="content"):
            _clock(
                key="agenda-clock-of",
                data={
                    "item": f"{walk.meeting.id}/{walk.at}",
                    "minutes": walk.item.minutes,
                    "present": request.view.present,
                },
            )
    _show_buttons(walk, request)


def _show_buttons(walk: Walk, request: Request) -> None:
    steps = (
        ("back", ":material/chevron_left:", "Left", "Back to", walk.before),
        ("next", ":material/chevron_right:", "Right", "On to", walk.following),
    )
    for name, icon, key, words, to in steps:
        title = "" if to is None else walk.meeting.agenda[to - 1].title
        st.button(
            f"{words} {title}" if title else words,
            key=f"agenda-{name}",
            icon=icon,
            shortcut=key,
            disabled=to is None,
            on_click=_go,
            args=(walk, to, request),
        )


def _go(walk: Walk, to: int | None, request: Request) -> None:
    if to is not None:
        go_next(address_of(walk, to, as_pressed(request)))


def _leave(request: Request) -> None:
    go_to(replace(as_pressed(request).view, review=None, item=None), request)


def _e(text: object) -> str:
    return html.escape(str(text))


def track_html(walk: Walk) -> str:
    """The whole agenda as a line: width is minutes planned, fill is time spent."""
    parts = [_stretch(n, item, walk.at) for n, item in enumerate(walk.meeting.agenda, 1)]
    return f'<div class="agenda-track" aria-hidden="true">{"".join(parts)}</div>'


def _stretch(number: int, item: AgendaItem, at: int | None) -> str:
    state = "agenda-now" if number == at else "agenda-past" if at and number < at else ""
    return f'<span class="{state}" style="flex-grow:{item.minutes}"><i></i></span>'


def line_html(walk: Walk) -> str:
    """ "3 of 7  SLA queue · Sales    Next: Pipeline ahead"; of no item the review's name."""
    items, following = walk.meeting.agenda, walk.following
    told = f"Next: {_e(items[following - 1].title)}" if following else "The last item"
    if walk.item is None:
        name = f"<b>{_e(meeting_name(walk.meeting))}</b> {_e(agenda_words(items))}"
    else:
        owner = f" · {_e(walk.item.owner)}" if walk.item.owner else ""
        name = f"{walk.at} of {len(items)} <b>{_e(walk.item.title)}</b>{owner}"
    closed = " · closed" if walk.meeting.is_closed else ""
    return f'<div class="agenda-text"><p>{name}{closed}</p><p>{told}</p></div>'


def meeting_name(meeting: Meeting) -> str:
    """ "Weekly review, 22 Nov 2026"."""
    return meeting.name


def agenda_words(items: Sequence[AgendaItem]) -> str:
    """ "7 items, 30 min"."""
    noun = "item" if len(items) == 1 else "items"
    return f"{len(items)} {noun}, {sum(item.minutes for item in items)} min"
