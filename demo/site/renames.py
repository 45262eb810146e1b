"""Renaming a document as rename_doc does: in place, with all that links to it, by SQL.

No `modified` changes, neither the document's nor that of the documents that link to it. What tells
of it is a Comment alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.site.commands import Insert, Rename

if TYPE_CHECKING:
    from collections.abc import Callable

    from demo.site.dataset import Row
    from demo.site.edits import Editor
    from demo.site.schema import Schema
    from demo.site.store import DocumentTable


def rename_document(editor: Editor, rename: Rename) -> None:
    """Give a document its new name everywhere."""
    table = editor.store.document_table(rename.doctype)
    old = editor.found(table, rename.name)
    editor.replace(table, old, _renamed(table.schema, old, rename.new_name))
    for doctype in list(editor.store.doctypes):
        if not editor.store.doctypes[doctype].get("istable"):
            linking = editor.store.document_table(doctype)
            _rewrite_links(editor, linking, rename.doctype, old["name"], rename.new_name)
    if rename.comment and "Comment" in editor.store.doctypes:
        content = (
            f"renamed from <strong>{old['name']}</strong> to <strong>{rename.new_name}</strong>"
        )
        comment = {
            "comment_type": "Edit",
            "reference_doctype": rename.doctype,
            "reference_name": str(rename.new_name),
            "content": content,
        }
        editor.insert(Insert(doctype="Comment", document=comment))


def _renamed(schema: Schema, document: Row, new_name: str | int) -> Row:
    renamed = {**document, "name": new_name}
    for fieldname in schema.tables:
        children = document.get(fieldname) or []
        renamed[fieldname] = [{**child, "parent": new_name} for child in children]
    if schema.named_by_field is not None:
        renamed[schema.named_by_field] = new_name
    return renamed


def _rewrite_links(
    editor: Editor, table: DocumentTable, doctype: str, old: object, new: object
) -> None:
    store = editor.store
    own = _rewriter(table.schema, doctype, old, new)
    of_children = {
        fieldname: _rewriter(store.table(child).schema, doctype, old, new)
        for fieldname, child in table.schema.tables.items()
        if child in store.doctypes and len(table)
    }
    if own is None and not any(of_children.values()):
        return
    for document in list(table.documents()):
        changed = {} if own is None else own(document)
        for fieldname, rewrite in of_children.items():
            rows = document.get(fieldname) or ()
            if rewrite is not None and any(rewrite(row) for row in rows):
                changed[fieldname] = [{**row, **rewrite(row)} for row in rows]
        if changed:
            editor.replace(table, document, {**document, **changed})


def _rewriter(
    schema: Schema, doctype: str, old: object, new: object
) -> Callable[[Row], Row] | None:
    fixed = [fieldname for fieldname, target in schema.links.items() if target == doctype]
    dynamic = schema.dynamic_links
    if not fixed and not dynamic:
        return None

    def rewrite(row: Row) -> Row:
        pointing = [fieldname for fieldname in fixed if row.get(fieldname) == old]
        for fieldname, names_doctype in dynamic.items():
            if row.get(fieldname) == old and row.get(names_doctype) == doctype:
                pointing.append(fieldname)
        return dict.fromkeys(pointing, new)

    return rewrite
