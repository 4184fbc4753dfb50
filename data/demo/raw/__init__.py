"""The demo company as an ELT tool lands it: the raw tables of its Salesforce and its HubSpot.

They are written from the simulated company, in Fivetran's shape, with what happens to such tables:
rows that come twice, tasks never done, deleted and merged records, marketing's mail logged a second
time by the sync. ``python -m data build`` makes the warehouse of them.
"""
