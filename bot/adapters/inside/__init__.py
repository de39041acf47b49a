"""Programs that are sent into the sandbox as text: standard library only, Python 3.8 and newer.

They run Python tests and write JUnit. Ids are pytest's node ids, also under unittest, and each test
case of the JUnit file carries its own as a property: ids rebuilt from JUnit's attributes are wrong
for inherited tests and for parameters that hold `::`.
"""
