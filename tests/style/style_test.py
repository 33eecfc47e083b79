#!/usr/bin/env python3
"""Every rule of style.py finds its bad sample and leaves the good twin alone."""

import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import style  # noqa: E402

TREE = {
    "core/millrace/base/hash.hpp": "#pragma once\n",
    "core/millrace/event/layout.hpp": "#pragma once\n#include <millrace/time/stamp.hpp>\n",
    "core/millrace/time/stamp.hpp": "#pragma once\n#include <cstdint>\n",
    "core/millrace/cep/matcher.hpp": "#pragma once\n#include <millrace/event/layout.hpp>\n",
    "core/millrace/window/session.hpp": "#pragma once\n",
    "core/millrace/projection/model.hpp": "#pragma once\n",
    "core/millrace/stream/join.hpp": "#pragma once\n",
    "core/millrace/rules/compile.cpp": "#include <millrace/cep/matcher.hpp>\n",
    "pipeline/millrace/stage/runner.hpp": "#pragma once\n#include <millrace/base/hash.hpp>\n#include <thread>\n",
    "tools/match.cpp": '#include "options.hpp"\n#include <millrace/stage/runner.hpp>\n',
    "docs/page.md": "[the tree](../README.md#words) [a site](https://example.org) [here](#below)\n",
    "README.md": "[a page](docs/page.md)\n",
}


def findings(extra):
    """What the checks say about the good tree with some files added or replaced."""
    with tempfile.TemporaryDirectory() as root:
        for name, text in {**TREE, **extra}.items():
            path = pathlib.Path(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return style.check(root)


class style_rules(unittest.TestCase):
    def clean(self, extra):
        self.assertEqual(findings(extra), [])

    def caught(self, name, text, words):
        found = findings({name: text})
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(f"{name}: "), found)
        self.assertIn(words, found[0])

    def test_the_good_tree_is_clean(self):
        self.clean({})

    def test_core_does_not_include_pipeline(self):
        self.caught("core/millrace/rules/run.cpp", "#include <millrace/stage/runner.hpp>\n", "core stands below pipeline")

    def test_a_folder_does_not_include_one_above_it(self):
        self.caught("core/millrace/base/error.hpp", "#pragma once\n#include <millrace/event/layout.hpp>\n",
                    "base stands below event")
        self.caught("core/millrace/table/view.hpp", "#pragma once\n#  include <millrace/cep/matcher.hpp>\n",
                    "table stands below cep")

    def test_folders_of_one_level_may_include_each_other(self):
        self.clean({"core/millrace/stream/enrich.hpp": "#pragma once\n#include <millrace/window/session.hpp>\n"})

    def test_matchers_windows_and_projections_do_not_know_each_other(self):
        for here, there in [("cep", "window/session"), ("window", "cep/matcher"), ("projection", "cep/matcher"),
                            ("window", "projection/model")]:
            self.caught(f"core/millrace/{here}/bad.hpp", f"#pragma once\n#include <millrace/{there}.hpp>\n",
                        "do not know each other")

    def test_a_new_folder_needs_a_level(self):
        self.caught("core/millrace/novelty/x.hpp", "#pragma once\n#include <millrace/base/hash.hpp>\n", "has no level")

    def test_an_include_of_ours_is_somewhere(self):
        self.caught("core/millrace/rules/run.cpp", "#include <millrace/rules/gone.hpp>\n", "which is nowhere")

    def test_libraries_include_by_the_installed_path(self):
        self.caught("core/millrace/rules/run.cpp", '#include "compile.hpp"\n', "as it is installed")

    def test_core_starts_no_thread(self):
        for line in ["#include <thread>", "std::thread t;", "std::jthread t;", "auto f = std::async(g);",
                     "pthread_create(&t, 0, f, 0);"]:
            self.caught("core/millrace/ring/ring.cpp", line + "\n", "core starts no thread")

    def test_core_may_speak_of_threads(self):
        self.clean({"core/millrace/ring/ring.cpp": "// a std::thread of the caller's\n/* #include <thread> */\n"})

    def test_a_header_has_one_pragma_once(self):
        self.caught("core/millrace/ring/ring.hpp", "#ifndef RING\n#define RING\n#endif\n", "#pragma once")
        self.caught("tests/core/oracle.hpp", "// #pragma once\n", "#pragma once")

    def test_a_file_has_500_lines_at_most(self):
        self.clean({"core/millrace/ring/ring.cpp": "\n" * 500})
        self.caught("core/millrace/ring/ring.cpp", "\n" * 501, "501 lines")

    def test_names_say_something(self):
        for name in ["tools/string_utils.cpp", "tools/common.cpp", "tools/misc/x.cpp", "tools/thread_manager.cpp"]:
            self.caught(name, "", "says nothing")
        self.clean({"tools/utilization.cpp": "", "tools/commons_tragedy.cpp": ""})

    def test_links_lead_somewhere(self):
        self.caught("README.md", "[x](docs/gone.md)\n", "links to docs/gone.md")
        self.clean({"README.md": "```\nx[0](docs/gone.md)\n```\n"})

    def test_packages_that_cmake_asks_for_are_listed(self):
        asks = {"tools/cmake/millrace_dependencies.cmake": "millrace_dependency(x APT libx-dev)\n"}
        self.clean({**asks, "tools/packages": "libx-dev  # text\n"})
        self.assertEqual(len(findings({**asks, "tools/packages": "# libx-dev\n"})), 1)


if __name__ == "__main__":
    unittest.main()
