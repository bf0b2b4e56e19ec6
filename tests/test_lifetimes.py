"""Whoever hears a sender that may outlive them is forgotten by it when they go: checked over the whole package.

What PySide6 does (`tests/ui/test_receivers.py` holds it to that): a bound method of a `QObject`, our own or one of
Qt's, and a signal are disconnected when that object is deleted. A lambda, a nested function, a partial, a
`signal.emit` and a method of a plain object are kept by the sender and called for ever.

So the rules, which a reader can check without leaving the class:

* A sender that is one's own may be given anything: `self`; what this class or function has made by calling a
  constructor (`self.camera = Button(...)`); and what such a thing holds or gives (`self.card.photos`,
  `menu.addAction(...)`, the items of `self.cards`).
* Any other sender (a parameter, what came in by one) is given a signal, or a bound method of a `QObject`. The
  arguments that a method does not take are left out: `models.cancelled.connect(self._fill)` needs no lambda.
* So is `destroyed`, whoever sends it: the receiver may be half gone by then.
* `QTimer.singleShot` is told whose work it does: `QTimer.singleShot(0, self, ...)`.
* Pages and windows of the wizard, which come and go, name the `receiver` of an errand where `done` is no method of it.
* A window with a parent and a `closeEvent` is closed with its owner: `close_with_owner(self)`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import mobilenet_gui

PACKAGE = Path(mobilenet_gui.__file__).parent


@dataclass
class _Class:
    """What is known of one class of the package.

    Attributes:
        bases: names of its base classes.
        is_qt: it is made of one of Qt's.
        made: attributes that it makes itself.
        types: attributes whose class is known, made or not.
    """

    bases: list[str]
    is_qt: bool
    made: set[str] = field(default_factory=set)
    types: dict[str, str] = field(default_factory=dict)


@dataclass
class _Scope:
    """What is known where a call stands: its class, the names that were made there, and the classes of names."""

    cls: _Class | None = None
    made: set[str] = field(default_factory=set)
    types: dict[str, str] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)


def _name(node: ast.expr | None) -> str:
    """Return the last part of a name, of a subscripted one without its subscript; empty for anything else."""
    if isinstance(node, ast.Subscript):
        return _name(node.value)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _constructed(node: ast.expr | None) -> str:
    """Return the class that an expression makes an object, a list or a dict of; empty for any other expression."""
    if isinstance(node, ast.ListComp):
        return _constructed(node.elt)
    if isinstance(node, ast.DictComp):
        return _constructed(node.value)
    name = _name(node.func) if isinstance(node, ast.Call) else ""
    return name if name.lstrip("_")[:1].isupper() else ""


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _assigned(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    """Give each target of the assignments in a node with its value, tuples taken apart."""
    for part in ast.walk(node):
        pairs: list[tuple[ast.expr, ast.expr | None]] = []
        if isinstance(part, ast.Assign):
            pairs = [(target, part.value) for target in part.targets]
        elif isinstance(part, ast.AnnAssign):
            pairs = [(part.target, part.value)]
        elif isinstance(part, ast.For):
            rows = part.iter.elts if isinstance(part.iter, ast.Tuple | ast.List) else [part.iter]
            pairs = [(part.target, row) for row in rows]
        for target, value in pairs:
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
                yield from zip(target.elts, value.elts, strict=True)
            elif isinstance(target, ast.Tuple):
                yield from ((one, value) for one in target.elts)
            else:
                yield target, value


def _annotated(node: ast.AST) -> dict[str, str]:
    """Return the classes that a function's parameters are said to be of."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return {}
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return {argument.arg: _name(argument.annotation) for argument in arguments}


class _Package:
    """The classes of the package."""

    def __init__(self, trees: list[ast.Module]) -> None:
        self.classes: dict[str, _Class] = {}
        for tree in trees:
            qt = _imported_from_qt(tree)
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef):
                    self._note(node, qt)
        while any(self._inherit(cls) for cls in self.classes.values()):
            pass

    def _note(self, node: ast.ClassDef, qt: set[str]) -> None:
        bases = [_name(base) for base in node.bases]
        cls = self.classes[node.name] = _Class(bases, any(base in qt for base in bases))
        for function in (part for part in node.body if isinstance(part, ast.FunctionDef)):
            types = _annotated(function)
            for target, value in _assigned(function):
                if isinstance(target, ast.Attribute) and _is_self(target.value):
                    made = _constructed(value)
                    cls.made |= {target.attr} if made else set()
                    known = made or types.get(_name(value), "")
                    if known:
                        cls.types[target.attr] = known

    def _inherit(self, cls: _Class) -> bool:
        """Give a class what its bases have; say whether that changed anything."""
        before = (cls.is_qt, len(cls.made), len(cls.types))
        for base in (self.classes[name] for name in cls.bases if name in self.classes):
            cls.is_qt = cls.is_qt or base.is_qt
            cls.made |= base.made
            cls.types = {**base.types, **cls.types}
        return before != (cls.is_qt, len(cls.made), len(cls.types))

    def is_qt(self, name: str) -> bool:
        """Say whether a class is Qt's, or made of one of Qt's."""
        return self.classes[name].is_qt if name in self.classes else name[:1] == "Q"


def _imported_from_qt(tree: ast.Module) -> set[str]:
    nodes = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return {alias.name for node in nodes if (node.module or "").startswith("PySide6") for alias in node.names}


def _is_own(node: ast.expr | None, scope: _Scope) -> bool:
    """Say whether an expression is what was made here, or what such a thing holds or gives."""
    while True:
        if _constructed(node):
            return True
        if isinstance(node, ast.Attribute) and _is_self(node.value):
            return scope.cls is not None and node.attr in scope.cls.made
        if isinstance(node, ast.Attribute | ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            node = node.func
        else:
            return isinstance(node, ast.Name) and node.id in scope.made


def _inside(function: ast.AST, around: _Scope) -> _Scope:
    """Return what is known inside a function."""
    own = _annotated(function)
    scope = _Scope(around.cls, around.made - set(own), {**around.types, **own}, around.functions)
    assigned = list(_assigned(function))
    while True:
        before = len(scope.made)
        for target, value in assigned:
            if isinstance(target, ast.Name) and _is_own(value, scope):
                scope.made.add(target.id)
                if _constructed(value):
                    scope.types[target.id] = _constructed(value)
        if len(scope.made) == before:
            return scope


def _goes_with_its_object(given: ast.expr, scope: _Scope, package: _Package) -> bool:
    """Say whether Qt drops the connection with the receiver: a bound method of a `QObject`, or a signal.

    A function of the module is as good: it holds no object.
    """
    if isinstance(given, ast.Name):
        return given.id in scope.functions
    if not isinstance(given, ast.Attribute) or given.attr == "emit":
        return False
    owner = given.value
    if _is_self(owner):
        return scope.cls is not None and scope.cls.is_qt
    if isinstance(owner, ast.Attribute) and _is_self(owner.value):
        return scope.cls is not None and package.is_qt(scope.cls.types.get(owner.attr, ""))
    return isinstance(owner, ast.Name) and package.is_qt(scope.types.get(owner.id, ""))


def _is_wrong(call: ast.Call, scope: _Scope, package: _Package) -> bool:
    """Say whether a call makes a connection that may outlive its receiver."""
    if not isinstance(call.func, ast.Attribute) or not call.args:
        return False
    if call.func.attr == "singleShot":
        return len(call.args) == 2 and not _goes_with_its_object(call.args[1], scope, package)
    signal = call.func.value
    if call.func.attr != "connect" or not isinstance(signal, ast.Attribute):
        return False
    if _goes_with_its_object(call.args[0], scope, package):
        return False
    return signal.attr == "destroyed" or not (_is_self(signal.value) or _is_own(signal.value, scope))


def _calls(node: ast.AST, scope: _Scope, package: _Package) -> Iterator[tuple[ast.Call, _Scope]]:
    """Give every call in a node with what is known around it."""
    for child in ast.iter_child_nodes(node):
        inner = scope
        if isinstance(child, ast.ClassDef):
            inner = _Scope(package.classes[child.name], functions=scope.functions)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            inner = _inside(child, scope)
        elif isinstance(child, ast.Call):
            yield child, scope
        yield from _calls(child, inner, package)


def _is_wrong_errand(call: ast.Call, scope: _Scope, package: _Package) -> bool:
    """Say whether a call begins an errand of somebody else's runner that may end after whoever hears of it is gone."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if "done" not in given or "failed" not in given or "receiver" in given or not isinstance(call.func, ast.Attribute):
        return False
    return not (_is_own(call.func.value, scope) or _goes_with_its_object(given["done"], scope, package))


def _orphaned_windows(tree: ast.Module) -> Iterator[ast.ClassDef]:
    """Give the windows whose clean-up their owner's going would skip."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(
            isinstance(part, ast.FunctionDef) and part.name == "closeEvent" for part in node.body
        ):
            calls = [ast.unparse(part) for part in ast.walk(node) if isinstance(part, ast.Call)]
            owned = any(call.startswith("super().__init__(parent") for call in calls)
            if owned and "close_with_owner(self)" not in calls:
                yield node


def wrong_connections(sources: dict[str, str]) -> list[str]:
    """Return the connections in these modules that may outlive their receiver, each as `place:line: text`."""
    trees = {place: ast.parse(text) for place, text in sources.items()}
    package = _Package(list(trees.values()))
    wrong = []
    for place, tree in trees.items():
        functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        for call, scope in _calls(tree, _Scope(functions=functions), package):
            fleeting = place.startswith("ui/wizard/")
            if _is_wrong(call, scope, package) or (fleeting and _is_wrong_errand(call, scope, package)):
                wrong.append(f"{place}:{call.lineno}: {ast.unparse(call)}")
        wrong += [
            f"{place}:{node.lineno}: {node.name} is not closed with its owner" for node in _orphaned_windows(tree)
        ]
    return wrong


def test_no_connection_of_the_package_outlives_its_receiver() -> None:
    files = [
        PACKAGE / "app.py",
        *(path for part in ("ui", "workers") for path in sorted((PACKAGE / part).rglob("*.py"))),
    ]

    wrong = wrong_connections(
        {path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8") for path in files}
    )

    assert not wrong, "these may be called after their receiver is gone:\n" + "\n".join(wrong)


_PAGE = """
from functools import partial
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QMenu, QWidget

class Models(QObject):
    ended = Signal()

class Plain:
    def __init__(self, models: Models) -> None:
        PLAIN

class Page(QWidget):
    told = Signal()

    def __init__(self, models: Models, plain: Plain, parts: list[Models]) -> None:
        self._models, self.button, self.plain = models, Button(), plain
        self.rows = [Row() for _ in range(3)]
        self.other = models.other
        menu, other = QMenu(self), models.other
        CONNECT

    def method(self) -> None: ...

def function() -> None: ...
"""


@pytest.mark.parametrize(
    "line",
    [
        "models.ended.connect(self.method)",
        "models.ended.connect(self.told)",
        "models.ended.connect(menu.close)",
        "models.ended.connect(function)",
        "other.ended.connect(self._models.refresh)",
        "self.told.connect(lambda: None)",
        "self.button.clicked.connect(lambda: None)",
        "self.button.parts.first.clicked.connect(partial(self.method, 1))",
        "for row in self.rows: row.clicked.connect(lambda: None)",
        "menu.addAction('Open').triggered.connect(lambda: None)",
        "models.destroyed.connect(self.method)",
        "QTimer.singleShot(0, self, lambda: None)",
        "QTimer.singleShot(0, self.method)",
    ],
)
def test_what_goes_with_its_receiver_is_allowed(line: str) -> None:
    assert wrong_connections({"page.py": _PAGE.replace("CONNECT", line).replace("PLAIN", "...")}) == []


@pytest.mark.parametrize(
    "line",
    [
        "models.ended.connect(lambda: self.method())",
        "self._models.ended.connect(lambda: self.method())",
        "self._models.ended.connect(self.told.emit)",
        "models.ended.connect(partial(self.method, 1))",
        "other.ended.connect(lambda: self.method())",
        "self.other.ended.connect(lambda: self.method())",
        "models.ended.connect(self.plain.hear)",
        "for part in parts: part.ended.connect(lambda: self.method())",
        "self.button.destroyed.connect(lambda: self.method())",
        "QTimer.singleShot(0, lambda: self.method())",
    ],
)
def test_what_outlives_its_receiver_is_found(line: str) -> None:
    wrong = wrong_connections({"page.py": _PAGE.replace("CONNECT", line).replace("PLAIN", "...")})

    assert len(wrong) == 1


def test_a_method_of_a_plain_object_is_found() -> None:
    page = _PAGE.replace("CONNECT", "...").replace("PLAIN", "models.ended.connect(self.hear)")

    assert wrong_connections({"page.py": page}) == ["page.py:11: models.ended.connect(self.hear)"]


def test_an_errand_that_may_end_after_its_page_is_found() -> None:
    begun = "models.run(work, done=lambda found: self.method(), failed=self.method"
    wrong = {"ui/wizard/page.py": _PAGE.replace("PLAIN", "...").replace("CONNECT", f"{begun})")}
    right = {"ui/wizard/page.py": _PAGE.replace("PLAIN", "...").replace("CONNECT", f"{begun}, receiver=self)")}

    assert len(wrong_connections(wrong)) == 1
    assert wrong_connections(right) == []


def test_a_window_that_its_owner_would_take_with_it_is_found() -> None:
    window = """
class Window(QWidget):
    def __init__(self, parent):
        super().__init__(parent, Qt.WindowType.Window)
        close_with_owner(self)
    def closeEvent(self, event): ...
"""
    assert wrong_connections({"a.py": window}) == []
    assert len(wrong_connections({"a.py": window.replace("close_with_owner(self)", "...")})) == 1
