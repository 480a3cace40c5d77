import { type Theme, useTheme } from './theme.js'

const choices: readonly { theme: Theme; label: string; path: string }[] = [
  { theme: 'system', label: 'Theme of the system', path: 'M1.5 2.5h13v9h-5v1h2V14h-7v-1.5h2v-1h-5zM3 4v6h10V4z' },
  {
    theme: 'light',
    label: 'Light theme',
    path: 'M8 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM7.25.5h1.5v3h-1.5zm0 12h1.5v3h-1.5zM.5 7.25h3v1.5h-3zm12 0h3v1.5h-3zM2.2 3.2l1-1 2.1 2.1-1 1zm8.5 8.5 1-1 2.1 2.1-1 1zm1-6.4-1-1 2.1-2.1 1 1zm-8.5 8.5-1-1 2.1-2.1 1 1z',
  },
  { theme: 'dark', label: 'Dark theme', path: 'M6.5 1.5a6.75 6.75 0 1 0 8 8.2A5.6 5.6 0 0 1 6.5 1.5z' },
]

export function ThemeChoice() {
  const [theme, choose] = useTheme()
  return (
    <fieldset className="theme">
      <legend className="visually-hidden">Theme</legend>
      {choices.map((choice) => (
        <label key={choice.theme} title={choice.label}>
          <input
            className="visually-hidden"
            type="radio"
            name="theme"
            value={choice.theme}
            checked={theme === choice.theme}
            onChange={() => choose(choice.theme)}
          />
          <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
            <path fill="currentColor" fillRule="evenodd" d={choice.path} />
          </svg>
          <span className="visually-hidden">{choice.label}</span>
        </label>
      ))}
    </fieldset>
  )
}
