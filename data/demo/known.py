"""What is known of the demo company once the records that are one lead are taken together.

What happened to a record that was merged happened to the lead that stays; a lead that only HubSpot
knows has HubSpot's id. The row that a merged record keeps of its own is today's view of it alone.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.demo.endings import Endings
from data.demo.systems import Systems, second_addresses

EVENTS = ("lead_changes", "touches")


def numbers(lead_ids: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """The numbers of leads by their ids in Salesforce."""
    return pc.cast(pc.utf8_slice_codeunits(lead_ids, 3), pa.int64()).to_numpy()


def _with_second_addresses(leads: pa.Table, systems: Systems) -> pa.Table:
    """The leads; one whose own record has no address has that of its second contact in HubSpot."""
    whose = systems.extra_of
    by_age = np.argsort(-systems.extra_since.astype(np.int64), kind="stable")
    by_age = by_age[whose[by_age] >= 0]
    second = np.full(leads.num_rows, -1)
    second[whose[by_age]] = by_age  # of several the oldest, which is written last
    addresses = second_addresses(whose, len(whose))
    others = addresses.take(pa.array(second, mask=second < 0))
    place = leads.column_names.index("email")
    email = pc.coalesce(leads["email"].combine_chunks(), others)
    return leads.set_column(place, leads.schema.field("email"), email)


def as_known(
    tables: dict[str, pa.Table], systems: Systems, endings: Endings
) -> dict[str, pa.Table]:
    """The tables with the ids that leads have in the warehouse."""
    own = systems.lead_ids
    survivor = np.where(endings.into >= 0, endings.into, np.arange(len(own)))
    result = {**tables, "leads": _with_second_addresses(tables["leads"], systems)}
    for name, table in result.copy().items():
        if "lead_id" not in table.column_names or name == "system_records":
            continue
        lead = table["lead_id"]
        if lead.null_count:  # deals without a lead; none of theirs is merged or unknown to sales
            continue
        number = numbers(lead)
        if name in EVENTS:
            number = survivor[number]
        place = table.column_names.index("lead_id")
        result[name] = table.set_column(
            place, table.schema.field("lead_id"), own.take(pa.array(number))
        )
    return result
