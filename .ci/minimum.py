"""Print pip constraints that hold every dependency to the lowest version it names."""

import re
import sys
import tomllib

# What the lowest versions need in turn: newer ones warn of what they do.
OF_THAT_TIME = ("pyparsing==3.1.4", "pytest==8.4.2")

with open(sys.argv[1], "rb") as file:
    project = tomllib.load(file)["project"]
for requirement in project["dependencies"]:
    if match := re.fullmatch(r"([\w-]+)>=([\w.]+)", requirement):
        print(f"{match[1]}=={match[2]}")
print(*OF_THAT_TIME, sep="\n")
