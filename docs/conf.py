import sys
import warnings
from pathlib import Path

import sklearn_cnmf

sys.path.insert(0, str(Path(__file__).parent / "sphinxext"))


def _without_path(message, category, *_):
    """Format a warning of an example; where the source lies is nobody's concern."""
    return f"{category.__name__}: {message}\n"


warnings.formatwarning = _without_path

project = "sklearn_cnmf"
author = "the sklearn_cnmf developers"
copyright = "2026, the sklearn_cnmf developers"
version = release = sklearn_cnmf.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "sphinx_design",
    "sphinx_copybutton",
    "sphinxarg.ext",
    "myst_parser",
]
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "examples",
    "within_subsection_order": "gallery_order.ReadingOrder",
    "image_srcset": ["2x"],
    "abort_on_example_error": True,
    "download_all_examples": False,
    "remove_config_comments": True,
    # Players of audio, and no text of objects that are drawn.
    "capture_repr": ("_repr_html_",),
    # A gallery of the examples that use it below each class and function.
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("sklearn_cnmf",),
    "inspect_global_variables": False,
}
autosummary_generate = True
nitpicky = True
nitpick_ignore_regex = [
    # Other packages, as type hints and docstrings name them.
    (
        "py:.*",
        r"(collections|contextlib|joblib|mne|np|numpy|os|pathlib|pd|scipy|sklearn)\..*",
    ),
    ("py:class", r"ArrayLike|Axes|Figure|Path|SubFigure"),
    # A property that numpydoc lists among the attributes.
    ("py:obj", r"mixture"),
    # Private types of annotations.
    ("py:class", r"sklearn_cnmf\.(\w+\.)*_\w+\.\w+"),
]
# The names of methods alone have room beside a page; options keep their two hyphens.
toc_object_entries_show_parents = "hide"
smartquotes_action = "qe"
templates_path = ["_templates"]
numpydoc_show_class_members = False
exclude_patterns = [
    "_build",
    "_templates",
    "sg_execution_times.rst",
    "generated/backreferences",
]
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
html_theme = "pydata_sphinx_theme"
html_theme_options = {
    "header_links_before_dropdown": 6,
    "navigation_with_keys": False,
    "show_toc_level": 2,
}
html_static_path = ["_static"]
html_css_files = ["style.css"]
# Pages without others below them have nothing to show at the side.
html_sidebars = {
    page: []
    for page in (
        "install",
        "examples/tutorial/plot_ten_minutes",
        "trust",
        "references",
        "changelog",
    )
}
html_title = "sklearn_cnmf"
html_show_sourcelink = False
