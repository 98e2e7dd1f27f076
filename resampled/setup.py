"""Builds the package in a folder that is removed, because stages depend on what lies in this one."""

from tempfile import TemporaryDirectory

from setuptools import setup

with TemporaryDirectory() as folder:
    setup(
        script_name="setup.py",
        options={"build": {"build_base": folder}, "egg_info": {"egg_base": folder}},
    )
