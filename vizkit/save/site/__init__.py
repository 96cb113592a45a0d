"""A whole network as a folder of pages: a sheet for every layer, a page for every unit, and a search over all.

index.html               the layers in the order in which they run
search.js                what can be searched for, as a script, so that it loads from a disk
manifest.json            what the site was made of
static/                  the one style sheet, the one script
layers/NAME/index.html   all units of a layer
layers/NAME/7.html       unit 7; 7.webp has its made pictures and 7-real.webp the real ones, as tiles
layers/NAME/made-0.webp  the first 64 units' made pictures, 8 × 8; real-0.webp their strongest real one each
layers/NAME/made.json    what each picture was made of, so that only what has changed is made anew
"""
