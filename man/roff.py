"""Manual pages (man(7) of groff) from text, and from the Markdown that docs/ is written in."""
import os
import re

# Headers that a manual page does not need beside the text.
UNSAID = ("why", "what it does")
SPECIAL = {"…": "...", "→": r"\(->", "–": r"\(en", "ü": r"\[:u]", "×": r"\(mu", "≥": r"\(>="}


def escaped(text):
    text = text.replace("\\", r"\e")
    for letter, name in SPECIAL.items():
        text = text.replace(letter, name)
    strange = [letter for letter in text if ord(letter) > 126]
    if strange:
        raise SystemExit(f"man/roff.py: {strange[0]!r} is not in SPECIAL: {text}")
    return text


def code(text):
    """Text to be copied: its hyphens are those of the keyboard."""
    text = escaped(text)
    for letter, name in {"-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti"}.items():
        text = text.replace(letter, name)
    return text


def prose(text):
    """One paragraph of text, in which names of flags and pages are marked."""
    text = re.sub(r"(?<![\w`/-])(--[a-z][a-z-]*|-[a-z]\b)", lambda m: m.group(1).replace("-", "\0"), text)
    text = escaped(text).replace("\0", r"\-")
    return re.sub(r"\b([a-z0-9.-]+)\(([1-8])\)", r"\\fB\1\\fP(\2)", text)


def inline(text):
    """Markdown within a paragraph."""
    text = re.sub(r"\[([^]]+)\]\(([^)]+)\)", lambda m: linked(m.group(1), m.group(2)), text)
    result = ""
    for index, part in enumerate(text.split("`")):
        if index % 2:
            result += rf"\fB{code(part)}\fP"
        else:
            result += re.sub(r"\*\*(.+?)\*\*", r"\\fB\1\\fP", prose(part))
    return result


def linked(text, target):
    page = re.fullmatch(r"(?:operators/)?(gd2-\w+|glustercli)\.md", target)
    return f"{page.group(1)}(8)" if page else text


def markdown_sections(text):
    """Text below each `## ` heading, by heading; what is before the first, without the title, by ''."""
    parts = re.split(r"^## (.+)$", text, flags=re.M)
    sections = {"": re.sub(r"^# .*\n", "", parts[0])}
    sections.update(zip(parts[1::2], parts[2::2]))
    return sections


class Page:
    def __init__(self, name, section, version, summary):
        self.name, self.number = name, section
        self.lines = [f'.TH {code(name.upper())} {section} "" "gd2 {version}" "gd2"', ".SH NAME",
                      rf"{code(name)} \- {prose(summary[0].lower() + summary[1:].rstrip('.'))}"]

    def text(self, text):
        """A line of text is none of roff's."""
        self.lines.append(r"\&" + text if text[:1] in (".", "'") else text)

    def section(self, title):
        self.lines.append(f'.SH "{code(title.upper())}"')

    def subsection(self, title):
        self.lines.append(f'.SS "{code(title)}"')

    def paragraph(self, text):
        self.lines.append(".PP")
        self.text(text)

    def tagged(self, tag, text):
        self.lines.append(".TP")
        self.text(tag)
        self.text(text or r"\&")

    def block(self, lines):
        if not lines:
            return
        self.lines += [".PP", ".RS 4", ".nf"]
        for line in lines:
            self.text(code(line))
        self.lines += [".fi", ".RE"]

    def sections(self, sections):
        for title, text in sections.items():
            self.section(title)
            self.markdown(text)

    def markdown(self, text):
        text = re.sub(r"^```.*\n((?:.*\n)*?)```$", lambda m: re.sub(r"^", "    ", m.group(1), flags=re.M),
                      text, flags=re.M)
        for block in re.split(r"\n\s*\n", text.strip("\n")):
            lines = block.splitlines()
            if not lines:
                continue
            if lines[0].startswith("    "):
                self.block([line[4:] for line in lines])
            elif lines[0].startswith("### "):
                self.subsection(lines[0][4:])
                if lines[1:]:
                    self.markdown("\n".join(lines[1:]))
            elif lines[0].startswith("|"):
                self.table([self.cells(line) for line in lines])
            elif re.match(r"(- |\d+\. )", lines[0]):
                self.list(block)
            else:
                self.paragraph(inline(" ".join(line.strip() for line in lines)))

    @staticmethod
    def cells(line):
        return [cell.strip() for cell in line.strip().strip("|").split(" | ")]

    def table(self, rows):
        """Each row's first cell is a tag; of more than one other the headers are said too."""
        headers = rows[0]
        for row in rows[2:]:
            row = [cell.strip() for cell in row]
            if len(row) == 2:
                text = inline(row[1])
            else:
                parts = [cell if header in UNSAID else f"{header[0].upper()}{header[1:]}: {cell}"
                         for header, cell in zip(headers[1:], row[1:]) if cell]
                text = inline(" ".join(part if part.endswith(".") else part + "." for part in parts))
            self.tagged(inline(row[0]), text)

    def list(self, block):
        for item in re.split(r"^(?=- |\d+\. )", block, flags=re.M):
            if not item.strip():
                continue
            mark, text = item.split(" ", 1)
            self.lines.append(r'.IP \(bu 2' if mark == "-" else f".IP {mark} 3")
            self.text(inline(" ".join(line.strip() for line in text.splitlines())))

    def write(self, folder):
        folder = os.path.join(folder, f"man{self.number}")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, f"{self.name}.{self.number}"), "w", encoding="ascii") as file:
            file.write("\n".join(self.lines) + "\n")
