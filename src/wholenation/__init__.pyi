from .chain import Chain as Chain
from .chain import check as check
from .chain import read_chain as read_chain
from .chain import write_package as write_package
from .chain import write_table as write_table
from .errors import ChainError as ChainError
from .errors import Fault as Fault
from .errors import OutputError as OutputError
from .errors import QuestionError as QuestionError
from .errors import WholenationError as WholenationError
from .exposure import Exposure as Exposure
from .exposure import measure as measure
from .importers.eto import import_eto as import_eto
from .plans import Plan as Plan
from .plans import budget_frontier as budget_frontier
from .plans import plan as plan
from .report import report as report
from .stress import Outcomes as Outcomes
from .stress import stress as stress

__version__: str
