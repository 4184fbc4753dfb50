"""The oracle's agreement: complete MQLs, wasted effort, redundant outreach (handbook §3)."""

from __future__ import annotations

from datetime import datetime

from metrics.query import MetricQuery
from tests.oracle_facts import DAY, Item, Parts, Row
from tests.oracle_handoffs import Handoffs

ALL_FACTS = ("has_budget", "has_authority", "has_timeline", "has_interest")


class Agreement(Handoffs):
    """The handoffs, and what each team owed the other."""

    def _is_complete(self, lead_id: str, at: datetime) -> bool:
        facts = self.config.mql.required_facts or ALL_FACTS
        if not self._all("lead_changes"):
            lead = self.leads.get(lead_id, {})
            return all(lead.get(name) is not None for name in facts)
        for name in facts:
            newest: list[Row] = []
            for row in self._all("lead_changes"):
                if row["lead_id"] == lead_id and row["field"] == name and row["changed_at"] <= at:
                    if newest and row["changed_at"] > newest[0]["changed_at"]:
                        newest = []
                    if not newest or row["changed_at"] == newest[0]["changed_at"]:
                        newest.append(row)
            if all(row["value"] is None for row in newest):
                return False
        return True

    def completeness(self, query: MetricQuery) -> Parts:
        items = []
        for at, lead_id, _ in self._units(query, "mql"):
            complete = int(self._is_complete(lead_id, at))
            items.append(Item(self.day(at), self._lead_member(lead_id), complete, 1))
        return Parts("ratio", items)

    def passes(self, query: MetricQuery) -> list[tuple[str, list[datetime]]]:
        """By lead its MQL entries: the first, and after each recycling the next own one."""
        found = []
        for at, lead_id, _ in self._units(query, "mql"):
            entries, is_back = [at], False
            events = sorted(
                (row["entered_at"], row["stage"] == "mql")
                for row in self._all("lead_stages")
                if row["lead_id"] == lead_id
                and row["stage"] in ("mql", "recycled")
                and at <= row["entered_at"] <= query.as_of
            )
            for moment, is_mql in events:
                if not is_mql:
                    is_back = True
                elif is_back and moment > at:
                    entries.append(moment)
                    is_back = False
            found.append((lead_id, sorted(set(entries))))
        return found

    def delivered(self, query: MetricQuery) -> Parts:
        items = []
        for lead_id, entries in self.passes(query):
            for at, until in zip(entries, [*entries[1:], None], strict=True):
                is_handed = any(
                    at <= row["handed_at"] <= query.as_of
                    and (until is None or row["handed_at"] < until)
                    for row in self._all("handoffs")
                    if row["lead_id"] == lead_id
                )
                top = int(is_handed and self._is_complete(lead_id, at))
                items.append(Item(self.day(at), self._lead_member(lead_id), top))
        return Parts("count", items)

    def overdue(self, query: MetricQuery) -> Parts:
        return Parts(
            "count",
            [
                Item(
                    self.day(row["handed_at"]),
                    self._of("handoffs", row),
                    int(due <= query.as_of and seconds is None),
                )
                for row, due, seconds, _ in self._handed(query)
            ],
        )

    def wasted(self, query: MetricQuery) -> Parts:
        known = [row for row in self._all("handoffs") if row["handed_at"] <= query.as_of]
        effort: dict[str, int] = {}
        for touch in self._all("touches"):
            at = touch["occurred_at"]
            if touch["team"] != "sales" or touch.get("automated") or at > query.as_of:
                continue
            before = [
                row
                for row in known
                if row["lead_id"] == touch["lead_id"] and row["handed_at"] <= at
            ]
            if not before:
                continue
            last = max(before, key=lambda row: (row["handed_at"], row["handoff_id"]))
            answered = self._answered(last, query.as_of)
            if answered is not None and answered < at <= last["handed_at"] + 30 * DAY:
                effort[last["handoff_id"]] = effort.get(last["handoff_id"], 0) + 1
        items = []
        for row in known:
            handed, disposed = row["handed_at"], row.get("disposed_at")
            is_over = handed + 30 * DAY <= query.as_of
            in_vain = (
                row.get("disposition") == "rejected"
                and row.get("reason") in self.config.sla.fit_reasons
                and disposed is not None
                and handed <= disposed <= handed + 30 * DAY
            )
            touches = effort.get(row["handoff_id"], 0) if is_over else 0
            member = self._of("handoffs", row)
            items.append(
                Item(self.day(handed), member, touches * in_vain, touches, is_open=not is_over)
            )
        return Parts("ratio", items)

    def outreach(self, query: MetricQuery) -> Parts:
        contacts = [
            row
            for row in self._all("touches")
            if row.get("direction") == "outbound"
            and row["team"] in ("marketing", "sales")
            and row["occurred_at"] <= query.as_of
        ]
        items = []
        for row in contacts:
            near = any(
                other["lead_id"] == row["lead_id"]
                and other["team"] != row["team"]
                and abs(other["occurred_at"] - row["occurred_at"]) <= 3 * DAY
                for other in contacts
            )
            lead_id = row["lead_id"]
            day = self.day(row["occurred_at"])
            items.append(Item(day, self._lead_member(lead_id), int(near), 1, key=lead_id))
        return Parts("distinct", items)
