# One look at the tenant every hour by the Task Scheduler of Windows. Run it as an administrator, in PowerShell 5.1 or newer.
# The account of the task needs these environment variables, for example as variables of the machine:
#   AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_CERTIFICATE_PATH, CMKCTL_NOTIFY
$action = New-ScheduledTaskAction -Execute 'C:\Program Files\cmkctl\cmkctl.exe' `
    -Argument 'status --all --fail-on locked,drift,expiring -o none'
$trigger = New-ScheduledTaskTrigger -Once -At (Get-Date) -RepetitionInterval (New-TimeSpan -Hours 1)
$settings = New-ScheduledTaskSettingsSet -StartWhenAvailable -MultipleInstances IgnoreNew -ExecutionTimeLimit (New-TimeSpan -Minutes 30)
$principal = New-ScheduledTaskPrincipal -UserId 'NT AUTHORITY\NETWORK SERVICE' -LogonType ServiceAccount
Register-ScheduledTask -TaskName 'cmkctl status' -Action $action -Trigger $trigger -Settings $settings -Principal $principal
