import subprocess
from pathlib import Path

from local.lengths import too_long


def test_names_long_source_files_that_git_does_not_ignore(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / ".gitignore").write_text("ignored.py\n")
    for name in ("long.py", "ignored.py", "data.json", "näme.css"):
        (tmp_path / name).write_text("x\n" * 301)
    (tmp_path / "fine.py").write_text("x\n" * 300)
    assert too_long(tmp_path) == [("long.py", 301), ("näme.css", 301)]
