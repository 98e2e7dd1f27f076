"""What a project has of the repository's dvc.yaml, requirements.txt and ignore files."""

from gridstage.config import yaml12
from gridstage.project import rules
from packages.gridstage.tests.project import ROOT, text_of

STAGES = """# Says which folders of packages/ a stage uses.
# Says something else.
stages:
  one:
    cmd: one
    deps:
    # Why the table is one.
    - table.csv
    - packages/one/src
    params: [seed]
  two:
    foreach: ${many}
    do:
      deps:
      # Why the pins are one.
      - requirements.txt
      - packages/one/src
      outs:
      - out
"""
OF_A_PROJECT = """# Says something else.
stages:
  one:
    cmd: one
    deps:
    # Why the table is one.
    - table.csv
    - requirements.txt
    params: [seed]
  two:
    foreach: ${many}
    do:
      deps:
      # Why the pins are one.
      - requirements.txt
      outs:
      - out
"""


def test_a_stage_depends_on_the_pins_in_place_of_the_packages() -> None:
    assert rules.pipeline(STAGES) == OF_A_PROJECT


def test_the_stages_of_a_project_differ_from_the_repositorys_in_that_alone() -> None:
    text = text_of(ROOT / "dvc.yaml")
    here, there = yaml12.load(text), yaml12.load(rules.pipeline(text))
    for stages in (here["stages"], there["stages"]):
        for name, stage in stages.items():
            deps = stage.get("do", stage).pop("deps")
            kept = {dep for dep in deps if not dep.startswith("packages/")}
            assert len({*deps}) == len(deps)
            if stages is there["stages"]:
                assert {*deps} == kept
                assert "requirements.txt" in kept
            kept.discard("requirements.txt")
            stage["deps"] = sorted(kept)
            assert f"stages/{name}.py" in kept
    assert here == there
    assert "packages" not in rules.pipeline(text)


def test_requirements_name_what_is_installed_in_place_of_folders() -> None:
    text = "# Why.\n--editable ./packages/one\n--editable ./packages/two\nthree==3.0\n"
    made = rules.requirements(text, "{}==1.0".format)
    assert made == "# Why.\none==1.0\ntwo==1.0\nthree==3.0\n"


def test_the_requirements_of_a_project_name_no_folder() -> None:
    text = text_of(ROOT / "requirements.txt")
    made = rules.requirements(text, "{}==1.0".format)
    assert made.count("==1.0\n") == 3
    assert "--editable" not in made
    assert "packages/" not in made


def test_an_ignore_file_of_a_project_ends_where_the_repositorys_own_section_begins() -> (
    None
):
    for name in (".gitignore", ".dvcignore"):
        text = text_of(ROOT / name)
        made = rules.ignored(text)
        assert made
        assert text.startswith(f"{made}# This repository's own")
        for word in ("packages", "benchmarks", "make", "tests"):
            assert word not in made
