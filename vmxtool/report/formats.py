"""Write a result in a format: the one place that knows which module writes which kind of result.

To add a format of a report, write its module in this package and give it a row under its kind in `_WRITERS`; the
command then takes it as a value of `--format`, and says so in its help. A writer is a function that gets the values
that `write` got. One of text prints by itself, one of JSON returns the value to be dumped, any other returns the page.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from vmxtool._record import Record
from vmxtool.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vmxtool.machine.model import Machine

TEXT, JSON, HTML = "text", "json", "html"


class Writer(Record):
    """A function of a module in `vmxtool.report`, and the options of `write` that it takes."""

    module: str
    function: str
    options: tuple[str, ...] = ()


# The kind of a command's usual result has the name of the command; what else it shows comes after a slash.
_WRITERS: Mapping[str, Mapping[str, Writer]] = {
    "inspect": {
        TEXT: Writer("text.vm", "print_vm", ("why",)),
        JSON: Writer("documents.values", "inspect_value"),
    },
    "check": {
        TEXT: Writer("text.verdict", "print_verdict", ("why", "way")),
        JSON: Writer("documents.plan_values", "check_value"),
    },
    "check/all": {
        TEXT: Writer("text.overview", "print_overview", ("each",)),
        JSON: Writer("documents.plan_values", "check_all_value"),
    },
    "route": {
        TEXT: Writer("text.route", "print_routes", ("have", "why")),
        JSON: Writer("documents.plan_values", "route_value", ("vm",)),
    },
    "rewrite": {
        TEXT: Writer("text.changes", "print_rewrite", ("why",)),
        JSON: Writer("documents.plan_values", "rewrite_value"),
    },
    "undo": {
        TEXT: Writer("text.undo", "print_undone"),
        JSON: Writer("documents.undo_values", "undo_value"),
    },
    "undo/list": {
        TEXT: Writer("text.undo", "print_rewrites"),
        JSON: Writer("documents.undo_values", "rewrites_value"),
    },
    "guide": {
        TEXT: Writer("text.guide", "print_list"),
        JSON: Writer("documents.guide_values", "guide_value"),
        HTML: Writer("guide_html", "guide_page"),
    },
    "guide/table": {
        TEXT: Writer("text.guide", "print_table"),
        JSON: Writer("documents.guide_values", "table_value"),
    },
    "guide/entries": {
        TEXT: Writer("text.guide", "print_entries"),
        JSON: Writer("documents.guide_values", "entries_value"),
    },
    "guide/entry": {
        TEXT: Writer("text.guide", "print_entry"),
        JSON: Writer("documents.guide_values", "entry_value"),
    },
    "guide/unprinted": {
        TEXT: Writer("text.guide", "print_unprinted"),
        JSON: Writer("documents.guide_values", "unprinted_value"),
    },
    "targets": {
        TEXT: Writer("text.products", "print_products"),
        JSON: Writer("documents.guide_values", "products_value"),
    },
    "explain": {
        TEXT: Writer("text.explain", "print_explanations"),
        JSON: Writer("documents.guide_values", "explain_value"),
    },
    "error": {
        TEXT: Writer("text.refusal", "print_refusal"),
        JSON: Writer("documents.undo_values", "error_value"),
    },
}

# Documents whose length hangs on the files of a VM.
_ABOUT_A_VM = frozenset({"inspect", "check", "check/all", "route", "rewrite"})


def formats_of(kind: str) -> tuple[str, ...]:
    """Return the formats that a kind of result can be written in; the first is the usual one."""
    return tuple(_WRITERS[kind])


def write(kind: str, form: str, *values: object, **options: object) -> None:
    """Write a result to standard output.

    Args:
        kind: a row of the table above, such as "check".
        form: the format, such as "json".
        values: the result, as all writers of the kind take it.
        options: what only some of them take.

    Raises:
        UsageError: the kind has no such format.
    """
    writer = _WRITERS[kind].get(form)
    if writer is None:
        known = " and ".join(formats_of(kind))
        raise UsageError(f"there is no {form} of this", hint=f"it comes as {known}", candidates=formats_of(kind))
    taken = {name: value for name, value in options.items() if name in writer.options}
    result = load(writer)(*values, **taken)
    if form == JSON:
        from vmxtool.report.documents.fit import longest_answer, to_text

        about = kind in _ABOUT_A_VM
        sys.stdout.write(to_text(result, longest_answer(_vm_among((*values, *options.values()))) if about else None))
    elif form != TEXT:
        sys.stdout.write(result)


def load(writer: Writer) -> Any:
    """Load the function that a row of the table names; only now is its module imported."""
    return getattr(import_module(f"vmxtool.report.{writer.module}"), writer.function)


def _vm_among(values: Iterable[object]) -> Machine | None:
    from vmxtool.machine.model import Machine

    found = (value if isinstance(value, Machine) else getattr(value, "machine", None) for value in values)
    return next((vm for vm in found if isinstance(vm, Machine)), None)
