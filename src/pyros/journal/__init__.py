"""The journal: what happened, in order, for ever, and the bus between processes.

An entry is written in the transaction of the change that it tells (`append`), and is never changed
afterwards. Other processes follow it by id (`Follower`); nobody is called back, so nobody can be waited for.
"""
