from vbot_tui.picture import with_blanks, without_remote_fonts

SVG = """<svg xmlns="http://www.w3.org/2000/svg">
    <!-- Generated with a tool https://example.org -->
    <style>
    @font-face {
        font-family: "Mono";
        src: url("https://example.org/mono.woff2") format("woff2");
    }
    .matrix { font-family: monospace; }
    </style>
    <text>vbot</text>
</svg>
"""


def test_nothing_in_a_picture_is_fetched_from_elsewhere():
    assert without_remote_fonts(SVG) == (
        '<svg xmlns="http://www.w3.org/2000/svg">\n    <style>\n    .matrix { font-family: monospace; }\n'
        "    </style>\n    <text>vbot</text>\n</svg>\n"
    )


def test_blanks_at_the_ends_of_a_text_count():
    assert with_blanks(SVG).startswith('<svg xml:space="preserve" xmlns=') and with_blanks(SVG).count("preserve") == 1
