"""The compilation of a submission's program and of the problem's checker or interactor.

Both programs are compiled in one slot session (see `SlotSession`). The first test then runs in the
same session.
"""

from judge.checkers import CheckerBroken, CheckerProgram
from judge.models import JudgeRequest
from judge.sandbox.report import Program
from judge.sandbox.sandbox import Cancelled, SlotSession
from judge.toolchains.compiler import Compilation, Compiled, Compiler
from judge.toolchains.installed import Installed


class Build:
    """The compiled programs of a submission.

    - `language` is the language of the program.
    - `checker_language` is the language of the checker or interactor. It is None if the comparer
      needs no checker.
    - `compiled` is the result of compiling the program (None: not compiled yet).
    - `program` is the compiled program. It is None if the program is not compiled yet or does not
      compile.
    - `checker` is the compiled checker or interactor (None: not compiled). If the program does not
      compile, the checker is not compiled.
    - `is_done` is True after everything is compiled.
    """

    def __init__(
        self,
        compiler: Compiler,
        request: JudgeRequest,
        language: Installed,
        checker_language: Installed | None,
    ) -> None:
        self._compiler, self._request = compiler, request
        self._language, self._checker_language = language, checker_language
        self._program_compilation: Compilation | None = None
        self._checker_compilation: Compilation | None = None
        self.compiled: Compiled | None = None
        self.program: Program | None = None
        self.checker: CheckerProgram | None = None
        self.is_done = False

    def run(self, session: SlotSession) -> bool:
        """Compile the submission and the checker, unless the cache contains their programs.

        Return whether the submission compiles. Call `prepare` before the slot session is opened.

        Raises:
            CheckerBroken: the checker does not compile.
            CompilerBroken: the sandbox failed. The source may be correct.
            CompileCancelled: the session was cancelled during a compilation.
            WaitCancelled: the session was cancelled while it waited for a slot.
        """
        assert self._program_compilation is not None
        compiled = self._compiler.run(self._program_compilation, session)
        if compiled.directory is not None:
            command = self._language.command(self._request.memory_limit_kb)
            self.program = Program(command, compiled.directory)
            if self._checker_compilation is not None:
                self.checker = self._compile_checker(self._checker_compilation, session)
        self.compiled, self.is_done = compiled, True
        return self.program is not None

    def _compile_checker(self, compilation: Compilation, session: SlotSession) -> CheckerProgram:
        assert self._request.checker is not None
        if compilation.cached is None:
            session.give_way()
        compiled = self._compiler.run(compilation, session)
        if compiled.directory is None:
            raise CheckerBroken(f"The checker does not compile.\n{compiled.output}")
        return CheckerProgram.of(self._request.checker, compilation.installed, compiled.directory)

    def prepare(self, cancelled: Cancelled) -> None:
        """Find the programs in the cache, and precompile the libraries that compilers need.

        Call this method without holding a slot.

        Raises:
            CompileCancelled: `cancelled()` returned True.
        """
        request = self._request
        self._program_compilation = self._prepare(self._language, request.code, cancelled)
        if self._checker_language is not None:
            assert request.checker is not None
            self._checker_compilation = self._prepare(
                self._checker_language, request.checker.code, cancelled
            )

    def _prepare(self, language: Installed, code: str, cancelled: Cancelled) -> Compilation:
        source = code.encode("utf-8", "surrogatepass")
        return self._compiler.prepare(language, source, cancelled, owner=self._request.owner)
