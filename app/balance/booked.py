"""What is booked: postings read back as the transfers they are."""

from app.balance.models import Posting
from app.balance.postings import Transfer


def transfer_of(posting: Posting) -> Transfer:
    """Return a stored posting as a transfer."""
    return Transfer(
        str(posting.about),
        posting.origin,
        posting.from_account,
        posting.to_account,
        posting.place,
        posting.mass_g,
        posting.occurred_on,
    )
