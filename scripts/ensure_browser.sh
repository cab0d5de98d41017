#!/bin/sh
# Makes sure that a Chromium is there for the tests that open pages; installs it where that is possible.
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing the browser that the page tests need (package chromium)"
    if apt-get -qq update >/dev/null 2>&1 && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y chromium >/dev/null 2>&1; then
        exit 0
    fi
fi
echo "missing package: chromium (a browser); install it so that the page tests can run"
exit 0
