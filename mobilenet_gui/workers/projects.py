"""Owns what is done to fine-tuning projects off the window's thread: lists, openings, saves, lendings, zips.

A `Project` itself belongs to the window's thread; what works elsewhere gets a snapshot or plain paths.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Signal

from mobilenet_gui.core.errors import UserError
from mobilenet_gui.training import project_copies, project_file
from mobilenet_gui.training.project import Project
from mobilenet_gui.training.project_store import ProjectStore
from mobilenet_gui.training.project_summary import ProjectSummary
from mobilenet_gui.workers.photo_tasks import Errand
from mobilenet_gui.workers.project_keeper import ProjectKeeper
from mobilenet_gui.workers.project_opening import Opened, open_project, with_runs
from mobilenet_gui.workers.project_photos import Copies, Failed, ProjectPhotoTasks, ReadPhotos

if TYPE_CHECKING:
    from mobilenet_gui.training.archive import Exported
    from mobilenet_gui.training.archive_reading import Imported

SAVING_SECONDS: Final = 1.0

__all__ = ["Copies", "Opened", "ProjectTasks", "ReadPhotos"]


class ProjectTasks(ProjectPhotoTasks):
    """Does the work. Callbacks and signals come in the thread that the object lives in.

    Attributes:
        saved: an open project is on the disk; its id.
        save_failed: the disk refused a save; project id and `UserError`. It is tried again.
        written: writing a project to one file is over.
        list_changed: there are other projects now, or one of them tells something else on its card.
    """

    saved = Signal(str)
    save_failed = Signal(str, object)
    list_changed = Signal()
    written = Signal()

    def __init__(self, store: ProjectStore, parent: QObject | None = None) -> None:
        super().__init__(store, parent)
        self._keepers: dict[str, ProjectKeeper] = {}
        self._opening: set[str] = set()
        self._closing: dict[str, list[Callable[[], None]]] = {}
        self._lent: dict[str, list[Callable[[], None]]] = {}
        self._openers: dict[str, list[Callable[[], None]]] = {}
        self._leaving: dict[str, ProjectKeeper] = {}
        self._held: dict[str, list[Callable[[], None]]] = {}
        self._unfinished: dict[str, Callable[[], None]] = {}
        self._writing: Errand | None = None

    @property
    def opened(self) -> list[Project]:
        """The projects that are open here."""
        return [keeper.project for keeper in self._keepers.values()]

    @property
    def writing(self) -> bool:
        """A project is being written to one file."""
        return self._writing is not None and not self._writing.cancelled.is_set()

    # -- the list ---------------------------------------------------------------------------------------------------

    def summaries(self, done: Callable[[list[ProjectSummary]], None], failed: Failed) -> None:
        """Look at all projects."""
        self.runner.run(lambda _errand: self.store.summaries(), done=done, failed=failed)

    def create(self, name: str, done: Callable[[Opened], None], failed: Failed) -> None:
        """Make an empty project and open it; a name that is taken gets a number."""

        def work(_errand: Errand) -> Opened:
            return Opened(self.store.create(self.free_name(name)), None, None, None)

        self.runner.run(work, done=self._kept(done), failed=failed)

    def open(self, project_id: str, done: Callable[[Opened], None], failed: Failed) -> None:
        """Open a project; one that is being closed here is waited for."""
        if project_id in self._lent:
            self._lent[project_id].append(lambda: self.open(project_id, done, failed))
            return
        if project_id in self._opening:
            return
        if project_id in self._closing:
            keeper = self._leaving[project_id]
            if keeper.refused is not None:
                self._take_up(keeper, done, failed)
            else:
                self._closing[project_id].append(lambda: self.open(project_id, done, failed))
            return
        self._opening.add(project_id)
        begin, end = self._kept(done), self._opening.discard

        def opened(value: Opened) -> None:
            end(project_id)
            begin(value)
            self._call_openers(project_id)

        def gone(error: UserError) -> None:
            end(project_id)
            failed(error)
            self._call_openers(project_id)

        self.runner.run(lambda _errand: open_project(self.store, project_id), done=opened, failed=gone)

    def borrow(self, project_id: str, use: Callable[[Project, Callable[[], None]], None], failed: Failed) -> None:
        """Have a project changed without a window of its own: the open one, or one that is opened for that alone.

        Args:
            project_id: which.
            use: called with the project, and what to call when it is done with. Who opens it meanwhile waits for that;
                one that was open already may be closed by its window before.
            failed: called with why it cannot be opened.
        """
        if project_id in self._lent:
            self._lent[project_id].append(lambda: self.borrow(project_id, use, failed))
            return
        keeper = self._keepers.get(project_id)
        if keeper is not None:
            use(keeper.project, lambda: None)
            return
        if project_id in self._opening:
            self._openers.setdefault(project_id, []).append(lambda: self.borrow(project_id, use, failed))
            return
        if project_id in self._closing:
            self._closing[project_id].append(lambda: self.borrow(project_id, use, failed))
            return

        def ended() -> None:
            for work in self._lent.pop(project_id, []):
                work()

        def opened(value: Opened) -> None:
            use(value.project, lambda: self.close(value.project, ended, patient=False))

        def gone(error: UserError) -> None:
            failed(error)
            ended()

        self.open(project_id, opened, gone)
        self._lent[project_id] = []

    def duplicate(self, project_id: str, name: str, done: Callable[[str], None], failed: Failed) -> None:
        """Copy a project, also one that is open here; `done` gets the new id."""
        keeper = self._keepers.get(project_id)
        data = keeper.project.snapshot() if keeper is not None else None

        def work(_errand: Errand) -> str:
            if data is not None:
                project_file.save(data)
            return self.store.duplicate(project_id, name)

        self.runner.run(work, done=self._listed(done), failed=failed)

    def rename(self, project_id: str, name: str, done: Callable[[object], None], failed: Failed) -> None:
        """Give a project another name, open or not."""
        keeper = self._keepers.get(project_id)
        if keeper is not None:
            try:
                keeper.project.rename(name)
            except UserError as error:
                failed(error)
                return
            done(None)
            return

        def work(_errand: Errand) -> None:
            project = self.store.open(project_id)
            try:
                project.rename(name)
                project.save()
            finally:
                project.close()

        self.runner.run(work, done=self._listed(done), failed=failed)

    def delete(self, project_id: str, done: Callable[[str], None], failed: Failed) -> None:
        """Delete a project; `done` gets what `restore` takes. One that is being closed here is waited for."""
        if project_id in self._closing:
            self._closing[project_id].append(lambda: self.delete(project_id, done, failed))
            return
        self.runner.run(lambda _errand: self.store.delete(project_id), done=self._listed(done), failed=failed)

    def restore(self, token: str, done: Callable[[str], None], failed: Failed) -> None:
        """Bring a deleted project back."""
        self.runner.run(lambda _errand: self.store.restore(token), done=self._listed(done), failed=failed)

    def clean(self) -> None:
        """Delete for good what was deleted long ago."""
        self.runner.run(lambda _errand: self.store.clean(), done=_nothing, failed=_nothing)

    def export_zip(
        self,
        project_id: str,
        target: Path,
        *,
        done: Callable[[Exported], None],
        failed: Failed,
        progress: Callable[[float], None],
    ) -> Errand:
        """Write a project with its photos to one file; `progress` gets the share done."""
        keeper = self._keepers.get(project_id)
        data = keeper.project.snapshot() if keeper is not None else None

        def work(errand: Errand) -> Exported:
            from mobilenet_gui.training import archive

            found = data if data is not None else project_file.load(self.store.projects_dir / project_id)[0]
            return archive.export_zip(found, target, cancel=errand.cancelled, progress=_share(errand))

        self._writing = self.runner.run(work, done=self._over(done), failed=self._over(failed), progress=progress)
        return self._writing

    def import_zip(
        self, source: Path, *, done: Callable[[Imported], None], failed: Failed, progress: Callable[[float], None]
    ) -> Errand:
        """Make a project of such a file; `done` gets its id and what was left out."""

        def work(errand: Errand) -> Imported:
            from mobilenet_gui.training import archive_reading

            return archive_reading.import_zip(self.store, source, cancel=errand.cancelled, progress=_share(errand))

        return self.runner.run(work, done=self._listed(done), failed=failed, progress=progress)

    # -- an open project --------------------------------------------------------------------------------------------

    def close(self, project: Project, then: Callable[[], None], *, patient: bool = True) -> None:
        """Save a project and let other programs have it; `then` is called when that is done.

        While the disk refuses, who is `patient` keeps it: it is tried again, and `open` gives it back as it is.
        """
        keeper = self._keepers.pop(project.id, None)
        if keeper is None:
            then()
            return

        def finished() -> None:
            # Nobody can undo any more: copies that no photo and no training needs can go.
            photos, folder = tuple(project.photos.values()), project.folder
            self.runner.run(
                lambda _errand: project_copies.sweep(folder, photos), done=closed, failed=closed
            )  # fmt: skip

        def closed(_swept: object) -> None:
            project.close()
            self._leaving.pop(project.id).deleteLater()
            waiting = self._closing.pop(project.id, [])
            self.list_changed.emit()
            then()
            for work in waiting:
                work()

        self._closing[project.id] = []
        self._leaving[project.id] = keeper

        self._unfinished[project.id] = lambda: keeper.finish(finished, patient=patient)
        self._finish(project.id)

    def hold(self, project: Project, wait: Callable[[], None]) -> Callable[[], None]:
        """Keep an open project from being closed until the function is called that is returned.

        Args:
            project: which; something is still to come into it.
            wait: has it come at once, for as long as the end of the program may take.
        """
        waits = self._held.setdefault(project.id, [])
        waits.append(wait)

        def release() -> None:
            if wait in waits:
                waits.remove(wait)
                self._finish(project.id)

        return release

    def save_now(self, project: Project) -> None:
        """Save without waiting for more changes; `saved` or `save_failed` tells when."""
        keeper = self._keepers.get(project.id)
        if keeper is not None:
            keeper.save_soon(0)

    def shut_down(self) -> None:
        """Save what is open, from this thread, and end. Safe to call twice."""
        for wait in [wait for waits in self._held.values() for wait in waits]:
            wait()
        self.runner.stop()
        self.runner.wait(SAVING_SECONDS)  # a save under way must not come after the last one
        for keeper in [*self._keepers.values(), *self._leaving.values()]:
            keeper.stop()
        self._keepers.clear()
        self._leaving.clear()

    # -- inside -----------------------------------------------------------------------------------------------------

    def _finish(self, project_id: str) -> None:
        """Go on with the closing of a project, unless something is still to come into it."""
        if not self._held.get(project_id):
            self._held.pop(project_id, None)
            self._unfinished.pop(project_id, _nothing_left)()

    def _take_up(self, keeper: ProjectKeeper, done: Callable[[Opened], None], failed: Failed) -> None:
        """Give a project back that was closed and that the disk has refused until now."""
        project = keeper.project
        keeper.resume()
        self._keepers[project.id] = self._leaving.pop(project.id)
        waiting = self._closing.pop(project.id)
        self._opening.add(project.id)

        def opened(value: Opened) -> None:
            self._opening.discard(project.id)
            done(value)
            self._call_openers(project.id)

        def gone(error: UserError) -> None:
            self._opening.discard(project.id)
            failed(error)
            self._call_openers(project.id)

        self.runner.run(lambda _errand: with_runs(project), done=opened, failed=gone)
        for work in waiting:
            work()

    def _call_openers(self, project_id: str) -> None:
        """Let those go on who waited for somebody else's opening."""
        for work in self._openers.pop(project_id, []):
            work()

    def _kept(self, done: Callable[[Opened], None]) -> Callable[[Opened], None]:
        def take(opened: Opened) -> None:
            project = opened.project
            keeper = ProjectKeeper(project, self.runner, self)
            keeper.saved.connect(lambda: self.saved.emit(project.id))
            keeper.saved.connect(self.list_changed)
            keeper.failed.connect(lambda error: self.save_failed.emit(project.id, error))
            self._keepers[project.id] = keeper
            done(opened)

        return take

    def _over(self, then: Callable[[Any], None]) -> Callable[[Any], None]:
        def take(value: Any) -> None:
            self._writing = None
            then(value)
            self.written.emit()

        return take

    def _listed(self, done: Callable[[Any], None]) -> Callable[[Any], None]:
        def take(value: Any) -> None:
            done(value)
            self.list_changed.emit()

        return take


def _share(errand: Errand) -> Callable[[int, int], None]:
    """Return what an archive tells its progress to."""

    def tell(done: int, total: int) -> None:
        errand.report(done / total if total else 0.0)

    return tell


def _nothing_left() -> None:
    """Do nothing: it is not being closed."""


def _nothing(_value: object) -> None:
    """Do nothing."""
