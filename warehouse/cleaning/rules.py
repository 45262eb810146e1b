"""The catalogue of cleaning rules: what each code means, wherever it is counted or shown.

A rule keeps documents out, or marks the rows that it changed or doubts; a row carries the codes of
its marks in `cleaned`, so that every application can be counted.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One cleaning rule: its code and what it does."""

    code: str
    title: str


RULES = {
    rule.code: rule
    for rule in (
        Rule("C1", "Only submitted documents are facts; drafts stay out"),
        Rule("C2", "Cancelled documents stay out; what amended them counts once"),
        Rule("C3", "Returns count in their own period, with the sign that they have"),
        Rule("C4", "Opening entries are no sales or purchases"),
        Rule("C5", "Dealings between companies of the group are marked as internal"),
        Rule("C6", "POS Invoices that a Sales Invoice merged stay out; others are provisional"),
        Rule("C7", "Money is in INR; another currency takes the Currency Exchange of its date"),
        Rule("C8", "Quantities are in kg, litre or number; what has no factor stays unconverted"),
        Rule("C9", "Dates are those of the site's calendar, never shifted by a time zone"),
        Rule("C10", "Fiscal years are the ERP's, else April to March; seasons go by month"),
        Rule("C11", "Names are compared without spelling variants; the original is kept"),
        Rule("C12", "Parties of several instances are one by evidence, never by name alone"),
        Rule("C13", "Items of several instances are one by barcode, HSN with name, or curation"),
        Rule("C14", "Territories and warehouses have the state and district of the place table"),
        Rule("C15", "No personal identifier enters the business database, hashed or not"),
    )
}
