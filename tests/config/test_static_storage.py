"""Files under hashed names, and modules that know each other by them."""

import re
import shutil
from pathlib import Path

from django.conf import settings

from annotation.config.static_storage import StaticStorage

IMPORT = re.compile(r"""\bimport\s[^;'"]*["']([^"']+)["'];""")


def test_own_modules_import_each_other_by_hashed_names(tmp_path: Path) -> None:
    root = tmp_path / "static"
    shutil.copytree(Path(settings.BASE_DIR) / "annotation" / "static", root)
    modules = [path.relative_to(root).as_posix() for path in root.rglob("*.js")]
    storage = StaticStorage(location=root, base_url="/static/")
    processed = storage.post_process({name: (storage, name) for name in modules})
    failed = [done for _, _, done in processed if isinstance(done, Exception)]
    assert failed == []
    imports = []
    for name in modules:
        hashed = root / storage.stored_name(name)
        found = IMPORT.findall(hashed.read_text())
        imports += [(hashed.parent / other).resolve() for other in found]
    assert len(imports) > 20
    assert all(path.is_file() for path in imports)
    assert all(re.search(r"\.[0-9a-f]{12}\.js$", path.name) for path in imports)
