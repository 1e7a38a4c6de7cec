# Puts what install.sh fetched into the cache folder at the head of PATH. Sourced by bash (see BASH_ENV in the Makefile); quick and silent.
if [ -z "${HOTLINE_CACHE:-}" ]; then
  if [ "$(id -u)" = 0 ]; then HOTLINE_CACHE=/var/cache/hotline; else HOTLINE_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/hotline; fi
  export HOTLINE_CACHE
fi
for hotline_dir in "$HOTLINE_CACHE/go/bin" "$HOTLINE_CACHE/node/bin"; do
  case ":$PATH:" in
    *":$hotline_dir:"*) ;;
    *) if [ -d "$hotline_dir" ]; then PATH=$hotline_dir:$PATH; fi ;;
  esac
done
unset hotline_dir
export PATH
