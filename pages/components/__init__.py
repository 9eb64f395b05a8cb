"""What the pages share: context, session state, forms, results, editors."""
