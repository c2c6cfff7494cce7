"""One processor only where nothing of the module could use a second."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.go.concurrency import is_sequential
from tools.go.packages import GoPackage

PLAIN = 'package a\n\n// go func() starts one.\nfunc F() string { return "go func() {}()" }\n'
HEAD = 'package a\n\nimport "testing"\n\nfunc BenchmarkF(b *testing.B) {\n'
TEST = HEAD + "\tfor i := 0; i < b.N; i++ {\n\t\tF()\n\t}\n}\n"


def package(root: Path, code: str = PLAIN, test: str = TEST) -> GoPackage:
    (root / "p").mkdir()
    (root / "p" / "a.go").write_text(code)
    (root / "p" / "a_test.go").write_text(test)
    return GoPackage(
        import_path="example.com/p", name="a", folder="p", module="example.com", go_version="go1.24",
        has_tests=True, test_files=("a_test.go",), go_files=("a.go",),
    )  # fmt: skip


def test_words_in_comments_and_strings_start_nothing(tmp_path: Path) -> None:
    assert is_sequential(tmp_path, [package(tmp_path)])


@pytest.mark.parametrize(
    "code",
    ["package a\n\nfunc F() string { go println(1); return \"\" }\n",
     "package a\n\nfunc F() string {\n\tgo func() {}()\n\treturn \"\"\n}\n",
     'package a\n\nimport "net/http"\n\nfunc F() string { return http.MethodGet }\n',
     'package a\n\nimport "golang.org/x/sync/errgroup"\n\nvar G errgroup.Group\n\nfunc F() string { return "" }\n'],
)  # fmt: skip
def test_code_that_starts_goroutines_gets_all_processors(tmp_path: Path, code: str) -> None:
    assert not is_sequential(tmp_path, [package(tmp_path, code)])


def test_a_parallel_benchmark_gets_all_processors(tmp_path: Path) -> None:
    parallel = HEAD + "\tb.RunParallel(func(p *testing.PB) {})\n}\n"
    assert not is_sequential(tmp_path, [package(tmp_path, test=parallel)])


def test_a_file_that_cannot_be_read_is_not_taken_for_sequential(tmp_path: Path) -> None:
    found = package(tmp_path)
    (tmp_path / "p" / "a.go").unlink()
    assert not is_sequential(tmp_path, [found])
