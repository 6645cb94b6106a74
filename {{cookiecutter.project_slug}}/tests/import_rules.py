"""Two rules that import-linter does not bring along. `make lint` checks them; pyproject.toml says where they hold."""

import sys
from collections.abc import Iterable
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class EachImport(Contract):
    """Looks at every import by itself."""

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        found = [
            f"- {importer} -> {imported}"
            for importer in sorted(graph.modules)
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if self.forbids(importer, imported, graph)
        ]
        return ContractCheck(kept=not found, metadata={"found": found})

    def forbids(self, importer: str, imported: str, graph: ImportGraph) -> bool:
        raise NotImplementedError

    def render_broken_contract(self, check: ContractCheck) -> None:
        for line in check.metadata["found"]:
            output.print_error(line, bold=False)
        output.new_line()


class AllowList(EachImport):
    """`packages` import each other, the standard library and what is `allowed`. What is not listed is forbidden."""

    packages: Any = fields.ListField(subfield=fields.StringField())
    allowed: Any = fields.ListField(subfield=fields.StringField())

    def forbids(self, importer: str, imported: str, graph: ImportGraph) -> bool:
        allowed = sys.stdlib_module_names.union(self.packages, self.allowed)
        return is_in(importer, self.packages) and not is_in(imported, allowed)


class Slices(EachImport):
    """Packages of one name in `layers` are a slice. Other slices import only its modules named in `public`."""

    layers: Any = fields.ListField(subfield=fields.StringField())
    public: Any = fields.ListField(subfield=fields.StringField())

    def forbids(self, importer: str, imported: str, graph: ImportGraph) -> bool:
        ours, theirs = self._slice_of(importer, graph), self._slice_of(imported, graph)
        if not ours or not theirs or ours.rpartition(".")[2] == theirs.rpartition(".")[2]:
            return False
        return not is_in(imported, [f"{theirs}.{name}" for name in self.public])

    def _slice_of(self, module: str, graph: ImportGraph) -> str | None:
        packages = (child for layer in self.layers for child in graph.find_children(layer))
        return next((one for one in packages if graph.find_children(one) and is_in(module, [one])), None)


def is_in(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)
