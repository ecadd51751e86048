"""A small terminal: what stands on the screen after these bytes, and whether they left the terminal as they found it."""

import re

_ITEM = re.compile(
    r"\x1b\[([?0-9;]*)([A-Za-z])"                # a control sequence
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"       # an operating system command, ignored
    r"|\x1b([78=>])|(\r?\n|[\r\b\t])|([^\x00-\x1f\x1b]+)|(.)", re.S)


class Screen:
    """Understands what progress displays use: cursor movement, erasing, modes, colours; rows only grow, nothing scrolls away."""

    def __init__(self, data, columns=100):
        self.columns = columns
        self.rows = [""]
        self.row = self.column = 0
        self.modes = {}          # private modes set (True) or reset (False), by number
        self.coloured = False    # a colour or attribute is on
        self.redraws = 0         # how often something already written was gone over
        self.unknown = []        # sequences this terminal does not know
        self._saved = (0, 0)
        for match in _ITEM.finditer(data.decode(errors="replace")):
            self._take(match)

    def lines(self):
        """What stands there, without blank rows at the end."""
        lines = [row.rstrip() for row in self.rows]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def _take(self, match):
        numbers, letter, single, control, text, other = match.groups()
        if letter:
            self._sequence(numbers, letter)
        elif single == "7":
            self._saved = (self.row, self.column)
        elif single == "8":
            self.row, self.column = self._saved
        elif control:
            self._control(control)
        elif text:
            for character in text:
                self._put(character)
        elif other and other != "\x07":
            self.unknown.append(other)

    def _control(self, control):
        if control == "\r":
            self.redraws += self.column > 0
            self.column = 0
        elif control.endswith("\n"):
            self.row, self.column = self.row + 1, 0
            self._grow()
        elif control == "\b":
            self.column = max(0, self.column - 1)
        else:
            self.column = (self.column // 8 + 1) * 8

    def _put(self, character):
        if self.column >= self.columns:
            self.column = 0
            self.row += 1
            self._grow()
        row = self.rows[self.row].ljust(self.column)
        self.rows[self.row] = row[:self.column] + character + row[self.column + 1:]
        self.column += 1

    def _grow(self):
        while len(self.rows) <= self.row:
            self.rows.append("")

    def _sequence(self, text, letter):
        if text.startswith("?"):
            for number in text[1:].split(";"):
                self.modes[int(number or 0)] = letter == "h"
            return
        numbers = [int(part or 0) for part in text.split(";")] if text else []
        first = numbers[0] if numbers else 0
        step = max(1, first)
        if letter == "m":
            self.coloured = bool(numbers) and numbers[-1] not in (0, 39, 49, 22, 24, 27)
        elif letter in "AF":
            self.redraws += 1
            self.row = max(0, self.row - step)
        elif letter in "BE":
            self.row += step
            self._grow()
        elif letter == "C":
            self.column += step
        elif letter == "D":
            self.column = max(0, self.column - step)
        elif letter == "G":
            self.column = step - 1
        elif letter == "K":
            self._erase_line(first)
        elif letter == "J":
            self._erase_below(first)
        else:
            self.unknown.append(text + letter)
        if letter in "EF":
            self.column = 0

    def _erase_line(self, how):
        row = self.rows[self.row]
        if how == 0:
            self.rows[self.row] = row[:self.column]
        elif how == 1:
            self.rows[self.row] = " " * self.column + row[self.column:]
        else:
            self.rows[self.row] = ""

    def _erase_below(self, how):
        if how == 0:
            self._erase_line(0)
            del self.rows[self.row + 1:]
        else:
            self.rows = ["" for _ in self.rows]

    def unclean(self):
        """What is wrong with the state the terminal was left in, in words; empty when all is well."""
        wrong = []
        if self.modes.get(25) is False:
            wrong.append("the cursor is hidden")
        if self.modes.get(7) is False:
            wrong.append("lines do not wrap")
        for mode in (47, 1047, 1049):
            if self.modes.get(mode):
                wrong.append("the alternate screen is on")
        for mode in (1000, 1002, 1003, 2004, 2026):
            if self.modes.get(mode):
                wrong.append(f"mode {mode} is on")
        if self.coloured:
            wrong.append("a colour is on")
        if self.column:
            wrong.append(f"the cursor stands in column {self.column}")
        if any(row.strip() for row in self.rows[self.row:]):
            wrong.append(f"text below the cursor: {self.rows[self.row:]}")
        if self.unknown:
            wrong.append(f"unknown sequences: {self.unknown}")
        return wrong
