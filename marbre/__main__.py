"""What does ``python -m marbre`` run? The command."""

from marbre import main

if __name__ == "__main__":
    main()
