"""Builds the package in a folder that is removed: setuptools would put modules of an earlier build into the wheel."""

from tempfile import TemporaryDirectory

from setuptools import setup

with TemporaryDirectory() as folder:
    setup(options={"build": {"build_base": folder}})
