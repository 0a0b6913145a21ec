"""Every kind of event a journal holds.

An event is frozen once written. To change a kind, raise its ``schema_version`` and add an upcast from
the old one in ``journal/codec.py``; journals of every released version stay readable.
"""

from journal.events.asking import ContextCompacted as ContextCompacted
from journal.events.asking import LlmCompleted as LlmCompleted
from journal.events.asking import LlmFailed as LlmFailed
from journal.events.asking import LlmRequested as LlmRequested
from journal.events.calls import ApprovalDecided as ApprovalDecided
from journal.events.calls import ApprovalEscalated as ApprovalEscalated
from journal.events.calls import ApprovalRequested as ApprovalRequested
from journal.events.calls import GuardFlagged as GuardFlagged
from journal.events.calls import ToolCompleted as ToolCompleted
from journal.events.calls import ToolFailed as ToolFailed
from journal.events.calls import ToolInDoubt as ToolInDoubt
from journal.events.calls import ToolReconciled as ToolReconciled
from journal.events.calls import ToolRequested as ToolRequested
from journal.events.envelope import Event as Event
from journal.events.envelope import EventData as EventData
from journal.events.envelope import Forgotten as Forgotten
from journal.events.plans import PlanCreated as PlanCreated
from journal.events.plans import PlannerChanged as PlannerChanged
from journal.events.plans import PlanRevised as PlanRevised
from journal.events.plans import StepCompleted as StepCompleted
from journal.events.plans import StepDelegated as StepDelegated
from journal.events.plans import StepFailed as StepFailed
from journal.events.plans import StepSkipped as StepSkipped
from journal.events.tasks import AttachmentReceived as AttachmentReceived
from journal.events.tasks import MessageReceived as MessageReceived
from journal.events.tasks import TaskCanceled as TaskCanceled
from journal.events.tasks import TaskCompleted as TaskCompleted
from journal.events.tasks import TaskFailed as TaskFailed
from journal.events.tasks import TaskForked as TaskForked
from journal.events.tasks import TaskRejected as TaskRejected
from journal.events.tasks import TaskResumed as TaskResumed
from journal.events.tasks import TaskStarted as TaskStarted
from journal.events.tasks import TaskSubmitted as TaskSubmitted
from journal.events.tasks import TaskWaiting as TaskWaiting
