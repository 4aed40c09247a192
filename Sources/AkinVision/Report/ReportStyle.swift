/// The look of the report page: one column, light or dark as the reader's system is, legible in print.
enum ReportStyle {
    static let css: HTML = """
        :root {
          --paper: #faf9f6; --panel: #ffffff; --ink: #1c2127; --dim: #59626d; --line: #dfded8; --head: #f1f0ea;
          --right: #0a5fb4; --wrong: #b04a06; --on-strong: #ffffff;
          color-scheme: light dark;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --paper: #121518; --panel: #191d22; --ink: #e6e9ed; --dim: #9ca6b2; --line: #30363e; --head: #20252b;
            --right: #6fb3ff; --wrong: #ff9f5e; --on-strong: #101316;
          }
        }
        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; }
        body {
          margin: 0; background: var(--paper); color: var(--ink);
          font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif;
        }
        main, header.top, footer { max-width: 76rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 2.5rem); }
        header.top { padding-top: clamp(1.5rem, 5vw, 3.5rem); }
        h1 { font-size: clamp(1.6rem, 4vw, 2.4rem); line-height: 1.15; letter-spacing: -.02em; margin: 0 0 .5rem; }
        h1, h2, h3, bdi { overflow-wrap: anywhere; }
        h2 { font-size: 1.3rem; line-height: 1.25; letter-spacing: -.01em; margin: 3.2rem 0 .4rem; }
        h3 { font-size: 1rem; margin: 1.8rem 0 .5rem; }
        p { margin: .4rem 0 .9rem; max-width: 46rem; }
        header.top p { max-width: none; }
        .dim { color: var(--dim); }
        .small { font-size: .875rem; }
        a { color: var(--right); }
        nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; padding: 0; margin: 1rem 0 0; }
        nav a { text-decoration: none; border-bottom: 1px solid var(--line); }
        nav a:hover { border-color: currentColor; }
        :focus-visible { outline: 2px solid var(--right); outline-offset: 2px; }

        .figures {
          display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 13rem), 1fr));
          gap: 1px; margin: 1.6rem 0 0; background: var(--line); border: 1px solid var(--line); border-radius: .6rem;
          overflow: hidden;
        }
        .figures div { background: var(--panel); padding: .9rem 1.1rem; display: flex; flex-direction: column-reverse; }
        .figures dt { color: var(--dim); font-size: .875rem; }
        .figures dd { margin: 0; font-size: 1.7rem; font-weight: 650; letter-spacing: -.02em; line-height: 1.25; }
        .figures, table, .legend, .sample { font-variant-numeric: tabular-nums; }

        .scroller { overflow: auto; border: 1px solid var(--line); border-radius: .6rem; background: var(--panel); }
        .scroller.tall { max-height: 34rem; }
        table { border-collapse: collapse; width: 100%; font-size: .94rem; }
        caption { text-align: left; color: var(--dim); font-size: .875rem; padding: .6rem .9rem; }
        th, td { padding: .45rem .9rem; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
        thead th { background: var(--head); font-weight: 600; white-space: nowrap; border-top: 0; }
        thead tr + tr th { border-top: 1px solid var(--line); font-weight: 500; color: var(--dim); }
        .tall thead th { position: sticky; top: 0; }
        tbody th { font-weight: 500; }
        td bdi, th bdi { overflow-wrap: break-word; }
        .number { text-align: right; white-space: nowrap; }
        .best { font-weight: 700; }
        th.k { text-align: center; border-left: 1px solid var(--line); }
        td.k { border-left: 1px solid var(--line); }
        .bar { display: inline-block; width: 5rem; height: .55rem; border-radius: .3rem; background: var(--line);
          overflow: hidden; margin-left: .6rem; vertical-align: baseline; }
        .bar i { display: block; height: 100%; background: var(--right); }
        details > summary { cursor: pointer; padding: .4rem 0; }

        .samples { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 33rem), 1fr)); gap: 1rem; }
        .sample { background: var(--panel); border: 1px solid var(--line); border-radius: .6rem; padding: .9rem;
          border-left: .3rem solid var(--right); min-width: 0; }
        .sample.wrong { border-left: .3rem dashed var(--wrong); }
        .sample h3 { margin: 0 0 .6rem; font-size: .95rem; font-weight: 500; }
        .mark { font-weight: 700; color: var(--right); white-space: nowrap; }
        .wrong > .mark, .wrong > h3 > .mark, .other .mark { color: var(--wrong); }
        .strip { display: flex; flex-wrap: wrap; gap: .6rem; align-items: flex-start; }
        .strip figure { margin: 0; width: 4.4rem; min-width: 0; font-size: .72rem; line-height: 1.3; }
        .strip .silent { opacity: .55; }
        .strip .query { width: 6.4rem; padding-right: .6rem; margin-right: .1rem; border-right: 1px solid var(--line); }
        .strip img, .strip .none {
          display: block; width: 100%; height: auto; aspect-ratio: 1; object-fit: contain; background: var(--head);
          border: 2px solid var(--line); border-radius: .35rem; margin-bottom: .25rem;
        }
        .strip .same img, .strip .same .none { border-color: var(--right); }
        .strip .other img, .strip .other .none { border: 2px dashed var(--wrong); }
        .strip .none { display: grid; place-items: center; color: var(--dim); }
        .strip figcaption { overflow-wrap: anywhere; hyphens: auto; }
        .sample p { margin: .6rem 0 0; overflow-wrap: anywhere; }

        .matrix { display: grid; grid-template-columns: max-content max-content; width: max-content; }
        .matrix > * { background: var(--panel); }
        .matrix .corner { position: sticky; top: 0; left: 0; z-index: 3; display: flex; flex-direction: column;
          justify-content: flex-end; align-items: flex-end; padding: 0 .5rem .3rem 0; font-size: .75rem; color: var(--dim);
          line-height: 1.3; }
        .matrix .columns { position: sticky; top: 0; z-index: 2; border-bottom: 1px solid var(--line); }
        .matrix .rows { position: sticky; left: 0; z-index: 2; border-right: 1px solid var(--line); }
        .scroller.map { max-height: min(88vh, 60rem); width: fit-content; max-width: 100%; }
        svg { display: block; }
        svg text { fill: var(--ink); font-family: inherit; }
        .grid { stroke: var(--line); stroke-width: 1; fill: none; }
        .r { fill: var(--right); } .w { fill: var(--wrong); }
        .l1 { fill-opacity: .16; } .l2 { fill-opacity: .27; } .l3 { fill-opacity: .38; } .l4 { fill-opacity: .5; }
        .l5 { fill-opacity: .64; } .l6 { fill-opacity: .77; } .l7 { fill-opacity: .89; } .l8 { fill-opacity: 1; }
        svg text.strong { fill: var(--on-strong); }
        .overview { width: 100%; max-width: 40rem; height: auto; border: 1px solid var(--line); background: var(--panel); }
        .legend { display: flex; flex-wrap: wrap; gap: .3rem 1.6rem; margin: .8rem 0; font-size: .8rem; color: var(--dim);
          align-items: center; }
        .legend span { display: inline-flex; align-items: center; gap: .5rem; }

        .facts { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.4rem; margin: .8rem 0; max-width: 60rem; }
        .facts dt { color: var(--dim); } .facts dd { margin: 0; overflow-wrap: anywhere; }
        footer { margin-top: 4rem; padding-bottom: 3rem; color: var(--dim); font-size: .875rem; }
        @media (max-width: 34rem) {
          th, td { padding: .4rem .6rem; }
          .scroller > table { min-width: 40rem; } td:last-child:not(.number) { min-width: 14rem; }
          .facts { grid-template-columns: 1fr; gap: 0; } .facts dd { margin-bottom: .6rem; }
          .strip { gap: .45rem; }
          .strip figure { width: calc((100% - 1.8rem) / 5); }
          .strip .query { width: 100%; display: flex; gap: .8rem; border-right: 0; padding: 0; margin: 0; }
          .strip .query > :first-child { width: 6.4rem; flex: none; }
        }
        @media print { .scroller { overflow: visible; max-height: none !important; } nav { display: none; } }
        """
}
