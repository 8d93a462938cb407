"""TaskQueue and Task as asyncio.core needs them, in Python: the built-in ones read the machine's own clock."""

core = None  # asyncio.core, put here by run.py: each of the two needs the other


class TaskQueue:
    """Tasks by the time at which they are due, first come first served among equals."""

    def __init__(self):
        self._tasks = []

    def peek(self):
        return self._tasks[0] if self._tasks else None

    def push(self, task, key=None):
        task.data = None
        task.ph_key = core.ticks() if key is None else key
        at = len(self._tasks)
        while at and core.ticks_diff(task.ph_key, self._tasks[at - 1].ph_key) < 0:
            at -= 1
        self._tasks.insert(at, task)

    def pop(self):
        return self._tasks.pop(0)

    def remove(self, task):
        self._tasks.remove(task)


class Task:
    """A coroutine being run. `state`: True running, False or None done, else the queue of those who wait for it."""

    def __init__(self, coro, globals=None):
        self.coro = coro
        self.data = None  # the queue it stands in, the task it waits for, or what it shall raise
        self.state = True
        self.ph_key = 0

    def __iter__(self):
        if not self.state:
            self.state = False  # awaited: its exception is seen
        elif self.state is True:
            self.state = TaskQueue()
        elif not isinstance(self.state, TaskQueue):
            raise RuntimeError("can't wait")
        return self

    def __next__(self):
        if not self.state:
            raise self.data
        self.state.push(core.cur_task)
        core.cur_task.data = self

    def done(self):
        return not self.state

    def cancel(self):
        if not self.state:
            return False
        if self is core.cur_task:
            raise RuntimeError("can't cancel self")
        task = self
        while isinstance(task.data, Task):
            task = task.data
        if hasattr(task.data, "remove"):  # it waits in a queue of its own
            task.data.remove(task)
            core._task_queue.push(task)
        elif core.ticks_diff(task.ph_key, core.ticks()) > 0:  # it sleeps
            core._task_queue.remove(task)
            core._task_queue.push(task)
        task.data = core.CancelledError
        return True
