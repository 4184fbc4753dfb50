"""Reconciliation a second way: plain Python over dict rows, written from docs/reconciliation.md.

It shares nothing with the program: loops over lists, no SQL, slow on purpose.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

Row = dict[str, Any]
Found = dict[str, list[tuple[Row, str | None]]]


def key_of(record: Row) -> str | None:
    text = (record.get("match_key") or "").strip().lower()
    return text or None


class Reconciled:
    """The records that each side counts, with the reason of those that have no partner."""

    def __init__(self, tables: dict, stage: str, start: datetime, end: datetime, as_of: datetime):
        self.tables, self.stage, self.as_of = tables, stage, as_of
        self.start, self.end = start, end
        known = [r for r in tables.get("system_records", ()) if r["counted_at"] <= as_of]
        self.known = sorted(known, key=lambda r: (r["counted_at"], r["record_id"]))
        self.counted = [
            r
            for r in self.known
            if r["stage"] == stage and r["status"] == "active" and start <= r["counted_at"] < end
        ]
        self.partner: dict[int, Row] = {}
        self._match(lambda r: r.get("lead_id"))
        self._match(key_of)

    def _match(self, value) -> None:
        free = [r for r in self.counted if id(r) not in self.partner]
        for marketing in (r for r in free if r["system"] == "marketing"):
            for sales in (r for r in free if r["system"] == "sales"):
                if id(sales) in self.partner or value(marketing) is None:
                    continue
                if value(marketing) == value(sales):
                    self.partner[id(marketing)] = sales
                    self.partner[id(sales)] = marketing
                    break

    def side(self, system: str) -> list[tuple[str, str | None]]:
        """Record ids in order, each with its reason; None where both sides count it."""
        return [
            (r["record_id"], None if id(r) in self.partner else self.reason(r))
            for r in self.counted
            if r["system"] == system
        ]

    # -- a record's surroundings ----------------------------------------------------------------

    def lead_of(self, record: Row) -> str | None:
        if record.get("lead_id") is not None or key_of(record) is None:
            return record.get("lead_id")
        named = [r["lead_id"] for r in self.known if key_of(r) == key_of(record) and r["lead_id"]]
        return min(named, default=None)

    def _rows(self, table: str, record: Row) -> list[Row]:
        lead = self.lead_of(record)
        rows = self.tables.get(table, ())
        return [] if lead is None else [r for r in rows if r["lead_id"] == lead]

    def _same_buyer(self, record: Row) -> list[Row]:
        def same(other: Row) -> bool:
            by_lead = record.get("lead_id") is not None and record["lead_id"] == other["lead_id"]
            return by_lead or (key_of(record) is not None and key_of(record) == key_of(other))

        return [r for r in self.known if r is not record and same(r)]

    def _recycled_between(self, record: Row, one: datetime, other: datetime) -> bool:
        low, high = sorted((one, other))
        return any(
            s["stage"] == "recycled" and low < s["entered_at"] <= high
            for s in self._rows("lead_stages", record)
        )

    def _is_new_pass(self, record: Row, other: Row) -> bool:
        names = ("system", "product", "record_id")
        if all(record.get(name) == other.get(name) for name in names):
            return True
        return self._recycled_between(record, record["counted_at"], other["counted_at"])

    def _ends_counted(self, record: Row) -> bool:
        """Whether merges lead, in three steps at most, to a record that is counted."""
        reached, into = 0, {record["merged_into"]}
        while reached < 3:
            ends = [r for r in self.known if r["record_id"] in into and self._is_home(r, record)]
            if any(r["status"] == "active" and r["stage"] == self.stage for r in ends):
                return True
            into = {r["merged_into"] for r in ends if r["status"] == "merged"}
            reached += 1
        return False

    @staticmethod
    def _is_home(record: Row, other: Row) -> bool:
        return all(record.get(name) == other.get(name) for name in ("system", "product"))

    # -- the reasons ----------------------------------------------------------------------------

    def reason(self, record: Row) -> str:
        others = self._same_buyer(record)
        here = [o for o in others if o["system"] == record["system"]]
        there = [o for o in others if o["system"] != record["system"]]
        at_stage = [o for o in there if o["stage"] == self.stage]
        live = [o for o in at_stage if o["status"] == "active"]
        inside = [o for o in live if self.start <= o["counted_at"] < self.end]
        is_marketing = record["system"] == "marketing"
        leads = {r["lead_id"]: r for r in self.tables.get("leads", ())}
        lead = leads.get(self.lead_of(record), {})
        siblings = [o for o in here if o["stage"] == self.stage and o["status"] == "active"]
        in_span = [o for o in siblings if self.start <= o["counted_at"] < self.end]
        order = {id(r): n for n, r in enumerate(self.known)}
        twins = [
            o
            for o in in_span
            if not self._is_new_pass(record, o)
            and (order[id(o)] < order[id(record)] or id(o) in self.partner)
        ]
        earlier = [
            o
            for o in siblings
            if o["counted_at"] < record["counted_at"]
            and (not any(o is one for one in in_span) or self._is_new_pass(record, o))
        ]
        before = [o for o in live if o["counted_at"] < record["counted_at"]]
        other_period = [o for o in live if not any(o is one for one in inside)]
        other_stage = [o for o in there if o["stage"] != self.stage and o["status"] == "active"]
        gone = [o for o in at_stage if o["status"] != "active"]
        merged = [o for o in gone if o["status"] == "merged" and self._ends_counted(o)]
        if merged or self._merged_here(record, lead):
            return "merged"
        if twins or (inside and not earlier):
            return "duplicate"
        gone_wholly = (
            any(o["status"] != "active" for o in there) and not other_stage and not other_period
        )
        deleted_at = lead.get("deleted_at")
        if gone or gone_wholly or (deleted_at is not None and deleted_at <= self.as_of):
            return "deleted"
        sync, error = record.get("sync_status"), record.get("sync_error") or ""
        words = "".join(c if c.isalnum() else " " for c in error.lower()).split()
        if sync in (None, "excluded") and {"test", "tests", "spam", "junk"} & set(words):
            return "filtered"
        if earlier and (before or inside):
            return "repeat"
        if is_marketing and self._rejected(record):
            return "rejected"
        if other_period:
            return "period_differs"
        if self._existing(record, lead):
            return "existing_contact"
        if sync in ("excluded", "error", "pending"):
            return f"sync_{sync}"
        if is_marketing and self._unrouted(record, lead):
            return "unrouted"
        team = record.get("created_by_team")
        if not is_marketing and team == "sales":
            return "created_by_sales"
        if is_marketing and team == "marketing" and sync is None:
            return "created_by_marketing"
        if other_stage:
            return "stage_differs"
        return "not_found" if record.get("lead_id") or key_of(record) else "no_key"

    def _merged_here(self, record: Row, lead: Row) -> bool:
        mine = [r for r in self.counted if r["system"] == record["system"] and r is not record]
        into = lead.get("merged_into")
        at = lead.get("merged_at")
        is_merged = into is not None and (at is None or at <= self.as_of)
        if is_merged and any(self.lead_of(r) == into for r in mine):
            return True
        named = record.get("merged_into")
        return named is not None and any(
            r["record_id"] == named and self._is_home(r, record) for r in mine
        )

    def _rejected(self, record: Row) -> bool:
        moments = [
            h["disposed_at"]
            for h in self._rows("handoffs", record)
            if h.get("disposition") == "rejected"
            and h["handed_at"] <= self.as_of
            and h.get("disposed_at") is not None
        ]
        moments += [
            s["entered_at"] for s in self._rows("lead_stages", record) if s["stage"] == "rejected"
        ]
        return any(
            at <= self.as_of and not self._recycled_between(record, record["counted_at"], at)
            for at in moments
        )

    def _existing(self, record: Row, lead: Row) -> bool:
        at, me = record["counted_at"], self.lead_of(record)
        if me is None:
            return False
        stages = self._rows("lead_stages", record)
        if any(s["stage"] == "customer" and s["entered_at"] < at for s in stages):
            return True
        contacts = defaultdict(set)
        for row in self.tables.get("opportunity_contacts", ()):
            contacts[row["opportunity_id"]].add(row["lead_id"])
        for deal in self.tables.get("opportunities", ()):
            account = deal.get("account_id")
            mine = (
                deal.get("lead_id") == me
                or me in contacts[deal["opportunity_id"]]
                or (account is not None and account == lead.get("account_id"))
            )
            closed = deal.get("closed_at")
            ended = deal["status"] != "open" and closed is not None and closed <= at
            was_won = deal["status"] == "won" and closed is not None and closed < at
            was_open = deal["created_at"] < at and not ended
            is_deal = self.stage in ("opportunity", "customer")
            if mine and (was_won or (was_open and not is_deal)):
                return True
        return False

    def _unrouted(self, record: Row, lead: Row) -> bool:
        handed = [h for h in self.tables.get("handoffs", ()) if h["handed_at"] <= self.as_of]
        mine = self.lead_of(record)
        is_known = bool(lead) and lead.get("owner_id") is None
        return bool(handed) and is_known and not any(h["lead_id"] == mine for h in handed)
