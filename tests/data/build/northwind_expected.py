"""What ``northwind`` must become: the rows of each table, worked by hand."""

from __future__ import annotations

from datetime import date

from tests.build import at

# (lead_id, created_at, channel, account, owner, score, merged_into, merged_at, deleted_at)
LEADS = {
    ("00Q1", at("2026-01-03 09:00"), "organic_search", "0011", "005A", 80.0, None, None, None),
    ("00Q2", at("2026-02-01 08:00"), "Web", None, "005A", None, None, None, None),
    ("00Q3", at("2026-02-05 09:00"), "Web", None, "005A", None, "00Q2", at("2026-02-10"), None),
    ("00Q4", at("2026-02-20 09:00"), "Web", "0011", "005B", None, "00Q1", at("2026-03-01"), None),
    ("00Q5", at("2026-01-20"), "Web", None, "005A", None, None, None, at("2026-01-25")),
    ("00Q6", at("2026-01-15"), "Web", None, "005A", None, None, None, None),
    ("00Q7", at("2026-01-17"), "Web", None, "005A", None, None, None, None),
    ("00Q9", at("2026-01-18"), "Web", None, None, None, None, None, None),
    ("0032", at("2026-02-01"), None, "0011", "005B", None, None, None, None),
    ("0033", at("2026-02-02"), None, "0011", "005B", None, "0032", at("2026-03-20"), None),
    ("hubspot-4", at("2026-01-20"), None, "hubspot-22", "hubspot-12", None, None, None, None),
    ("hubspot-6", at("2026-01-21"), None, None, None, None, None, None, at("2026-03-31")),
    ("hubspot-7", at("2026-01-22"), None, None, None, None, None, None, None),
}  # fmt: skip
# (lead_id, stage, entered_at, source_system, actor_id, reason); every lead enters "lead" besides.
STAGES = {
    ("00Q1", "mql", at("2026-01-05 12:00"), "hubspot", None, None),
    ("00Q1", "sal", at("2026-01-07 09:00"), "salesforce", "005A", None),
    ("00Q1", "sql", at("2026-01-12 15:00"), "salesforce", "005A", None),
    ("00Q1", "opportunity", at("2026-01-12 15:00"), "salesforce", "005B", None),
    ("00Q1", "customer", at("2026-02-27 20:00"), "salesforce", "005B", None),
    ("00Q2", "mql", at("2026-02-02 12:00"), "hubspot", None, None),
    ("00Q2", "rejected", at("2026-02-03 10:00"), "salesforce", "005A", "not_a_fit"),
    ("0032", "opportunity", at("2026-02-01"), "salesforce", "005B", None),
    ("hubspot-4", "mql", at("2026-01-22 12:00"), "hubspot", None, None),
}
# (handoff_id, lead_id, account_id, handed_at, priority, assigned_to, disposition, disposed_at,
# reason)
HANDOFFS = {
    ("00Q1-1", "00Q1", "0011", at("2026-01-06 08:00"), "P2", "005A", "accepted",
     at("2026-01-07 09:00"), None),
    ("00Q2-1", "00Q2", None, at("2026-02-02 12:00"), "P2", "005A", "rejected",
     at("2026-02-03 10:00"), "not_a_fit"),
    # An executive opened the deal of a lead that the SDR owned, and moved it on.
    ("00Q1-ae-1", "00Q1", "0011", at("2026-01-12 15:00"), None, "005B", "accepted",
     at("2026-02-01 09:00"), None),
}  # fmt: skip
# (touch_id, lead_id, occurred_at, team, channel, kind, direction, responded, automated,
# campaign_id, rep_id)
TOUCHES = {
    ("00T1", "00Q1", at("2026-01-06 14:00"), "sales", "phone", "call", "inbound", True, False, None,
     "005A"),
    ("00T5", "00Q1", at("2026-01-20 10:00"), "sales", "email", "email", "outbound", None, True,
     None, "005A"),
    ("00U1", "00Q1", at("2026-01-10 16:00"), "sales", "meeting", "meeting", "outbound", True, False,
     None, "005B"),
    ("00U4", "0032", at("2026-02-10 16:00"), "sales", "meeting", "meeting", "outbound", False,
     False, None, "005B"),
    ("00V1", "00Q2", at("2026-02-01"), "marketing", "Webinar", "campaign", "inbound", True, False,
     "7011", None),
    ("00V2", "0032", at("2026-02-02"), "marketing", "Webinar", "campaign", "outbound", False, True,
     "7011", None),
    ("hubspot-engagement-100-4", "hubspot-4", at("2026-01-28 10:00"), "sales", "phone", "call",
     "outbound", True, False, None, "005A"),
    ("hubspot-email-e1", "hubspot-4", at("2026-01-21 10:00"), "marketing", "email", "email",
     "outbound", False, True, "hubspot-email-71", None),
    ("hubspot-email-e2", "hubspot-4", at("2026-01-21 11:00"), "marketing", "email", "email",
     "inbound", True, False, "hubspot-email-71", None),
    ("hubspot-form-c1-1", "00Q1", at("2026-01-03 09:00"), "marketing", "website", "form", "inbound",
     True, False, None, None),
}  # fmt: skip
# (id, account, lead, owner, kind, created_at, closed_at, status, amount, currency, amount_original)
OPPORTUNITIES = {
    ("0061", "0011", "00Q1", "005B", "new", at("2026-01-12 15:00"), at("2026-02-27 20:00"), "won",
     "1100.00", "EUR", "1000.00"),
    ("0062", "0011", "0032", "005B", None, at("2026-03-05 10:00"), None, "open", "500.00", None,
     None),
    ("0064", "0011", None, "005B", "renewal", at("2026-03-10 16:00"), at("2026-03-10 16:00"),
     "lost", "500.00", None, None),
}  # fmt: skip
# (opportunity_id, stage, entered_at, amount, expected_close_on)
OPPORTUNITY_STAGES = {
    ("0061", "Prospecting", at("2026-01-12 15:00"), "880.00", date(2026, 3, 31)),
    ("0061", "Negotiation", at("2026-02-01 09:00"), "1100.00", date(2026, 3, 31)),
    ("0061", "Closed Won", at("2026-02-27 20:00"), "1100.00", date(2026, 2, 27)),
}
OPPORTUNITY_CONTACTS = {
    ("0061", "00Q1", "Decision Maker"),
    ("0061", "0032", "Influencer"),
    ("0062", "0032", None),
}
# (system, product, record_id, lead_id, match_key, stage, counted_at, status, sync_status)
SYSTEM_RECORDS = {
    ("marketing", "hubspot", "1", "00Q1", "ada@x.com", "mql", at("2026-01-05 12:00"), "active",
     "synced"),
    ("marketing", "hubspot", "1", "00Q1", "ada@x.com", "sql", at("2026-01-12 16:00"), "active",
     "synced"),
    ("marketing", "hubspot", "2", "00Q2", "ben@x.com", "mql", at("2026-02-02 12:00"), "active",
     "synced"),
    ("marketing", "hubspot", "4", "hubspot-4", "dora@z.com", "mql", at("2026-01-25 12:00"),
     "active", None),
    # Merged into 4: the contact is gone, its history says what it was counted for.
    ("marketing", "hubspot", "5", "hubspot-4", None, "mql", at("2026-01-22 12:00"), "merged",
     None),
    ("sales", "salesforce", "00Q1", "00Q1", "ada@x.com", "sal", at("2026-01-07 09:00"), "active",
     "synced"),
    ("sales", "salesforce", "00Q1", "00Q1", "ada@x.com", "sql", at("2026-01-12 15:00"), "active",
     "synced"),
    ("sales", "salesforce", "00Q4", "00Q1", "ada@x.com", "sql", at("2026-03-01"), "active",
     "synced"),
}  # fmt: skip
# (rep_id, team, role, manager, timezone)
REPS = {
    ("005A", "sales", "SDR", "Bob", "Europe/Berlin"),
    ("005B", "sales", "AE", None, "America/New_York"),
    ("005M", "marketing", "Marketing", None, "America/New_York"),
    ("hubspot-12", "marketing", "Demand Generation", None, None),
}
# product and raw table → (rows, set aside by reason)
ASIDE = {
    ("salesforce", "lead"): (10, {
        "created_date is empty or no moment": 1, "a second row of the same id": 1}),
    ("salesforce", "lead_history"): (10, {
        "a name; another row has the id": 1,
        "the conversion, which the lead itself tells": 1, "a field that is not followed": 1,
        "the status 'Hmm' is not named in [sources.salesforce.lead_status]": 1,
        "deleted in Salesforce": 1, "its lead is not in the data": 1}),
    ("salesforce", "contact"): (3, {}),
    ("salesforce", "account"): (2, {"deleted in Salesforce": 1}),
    ("salesforce", "opportunity"): (4, {"deleted in Salesforce": 1}),
    ("salesforce", "opportunity_history"): (5, {"its opportunity is not in the data": 1}),
    ("salesforce", "opportunity_contact_role"): (4, {"its contact is not in the data": 1}),
    ("salesforce", "task"): (5, {
        "a task not completed": 1, "its lead or contact is not in the data": 1,
        "the type 'X' is not named in [sources.salesforce.touch_types]": 1}),
    ("salesforce", "event"): (4, {
        "a meeting still to come": 1, "another invitee's copy of a meeting": 1}),
    ("hubspot", "contact"): (6, {}),
    ("hubspot", "contact_property_history"): (12, {
        "a value that is no stage of ours": 1, "a property that is not followed": 1,
        "the stage was cleared": 1, "its lead is not in the data": 1,
        "the stage 'weird' is not named in [sources.hubspot.lifecycle_stages]": 1,
        "a stage that the other system dates": 1, "the same stage again in the same pass": 1}),
    ("hubspot", "deal"): (1, {"opportunities are taken from salesforce": 1}),
    ("hubspot", "engagement_contact"): (3, {
        "a cancelled meeting": 1, "its engagement is not in the data": 1}),
    ("hubspot", "email_event"): (4, {
        "an e-mail event that is not followed": 1, "filtered out by HubSpot": 1}),
}  # fmt: skip
