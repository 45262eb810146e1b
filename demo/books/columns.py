"""The columns that invoices, Delivery Notes and Purchase Receipts have in common."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from demo.books.words import spell_amount

if TYPE_CHECKING:
    from demo.books.company import Company
    from demo.books.deal import Deal, Line, Tax
    from demo.site.dataset import Row


def prefill_head(company: Company) -> Row:
    """Give what is the same at the head of all of them."""
    head: Row = {"company": company.name, "currency": "INR", "conversion_rate": 1.0}
    head |= {"price_list_currency": "INR", "plc_conversion_rate": 1.0, "language": "en"}
    return head | {"tax_category": "", "apply_discount_on": "Grand Total", "set_posting_time": 1}


def fill_totals(deal: Deal) -> Row:
    """Give the totals, in the deal's currency and in rupees."""
    qty, net, tax, grand, rounded, adjustment, _, words = deal.totals
    net_inr = deal.net_inr
    values: Row = {"total_qty": qty, "total": net, "base_total": net_inr}
    values |= {"net_total": net, "base_net_total": net_inr}
    values |= {"total_taxes_and_charges": tax, "base_total_taxes_and_charges": tax}
    values |= {"grand_total": grand, "base_grand_total": grand if deal.rate == 1.0 else net_inr}
    values |= {"rounding_adjustment": adjustment, "base_rounding_adjustment": adjustment}
    values |= {"rounded_total": rounded, "base_rounded_total": rounded}
    values |= {"in_words": words, "base_in_words": words}
    if deal.rate != 1.0:
        values |= {"currency": deal.party.currency, "conversion_rate": deal.rate}
        values |= {"disable_rounded_total": 1, "base_in_words": spell_amount(net_inr)}
    return values


def fill_goods(deal: Deal, line: Line) -> Row:
    """Give the columns of a line."""
    goods, listed, rate, amount = line.goods, line.listed, line.rate, line.amount
    rate_inr, amount_inr, listed_inr = map(deal.to_inr, (rate, amount, listed))
    return {
        "item_code": goods.code or None,
        "item_name": goods.title,
        "description": goods.description,
        "item_group": goods.group or None,
        "uom": line.unit,
        "stock_uom": goods.unit,
        "conversion_factor": line.factor,
        "qty": line.qty,
        "stock_qty": line.stock_qty,
        "warehouse": None if not goods.stocked else deal.warehouse,
        "price_list_rate": listed,
        "base_price_list_rate": listed_inr,
        "discount_percentage": line.discount_percent,
        "discount_amount": round(listed - rate, 2) if line.discount_percent else 0.0,
        "rate": rate,
        "base_rate": rate_inr,
        "net_rate": rate,
        "base_net_rate": rate_inr,
        "stock_uom_rate": rate if line.factor == 1.0 else round(rate / line.factor, 2),
        "amount": amount,
        "base_amount": amount_inr,
        "net_amount": amount,
        "base_net_amount": amount_inr,
    }


def fill_tax(company: Company, tax: Tax) -> Row:
    """Give the columns of a tax."""
    values: Row = {"account_head": company.own(tax.title), "description": tax.title}
    values |= {"rate": tax.percent, "tax_amount": tax.amount, "base_tax_amount": tax.amount}
    values |= {"tax_amount_after_discount_amount": tax.amount, "total": tax.total}
    values |= {"base_tax_amount_after_discount_amount": tax.amount, "base_total": tax.total}
    by_item = json.dumps(tax.by_item, separators=(",", ":"), ensure_ascii=False)
    return values | {"item_wise_tax_detail": by_item}
