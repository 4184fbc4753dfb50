"""From the raw tables of Salesforce, HubSpot and Marketo to the contract's (docs/sources.md).

``data/sources/<system>.py`` says what a system's tables are and what each row feeds; here stands
what is the same for all: finding and typing the raw tables (``raw``), who is one person
(``people``), and what becomes of the feeds (``leads``, ``stages``, ``handoffs``, ``deals``,
``touches``, ``records``). All of it are statements run in the warehouse; ``run`` runs them.
"""
