/** Where the web UI begins: styles, then the frame. */
import './style/tokens.css'
import './style/base.css'
import './style/frame.css'
import './style/sight.css'
import './style/parts.css'
import './style/table.css'
import './style/controls.css'
import './style/choice.css'
import './style/dialog.css'
import './style/forced.css'
import { render } from 'preact'
import { App } from './app.tsx'

render(<App />, document.getElementById('app')!)
